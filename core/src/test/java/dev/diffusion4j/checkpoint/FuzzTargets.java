// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.charset.StandardCharsets;

/** What any bytes may be given to: each parses them or throws a {@link UserError}; anything else is a finding. */
final class FuzzTargets {
    private FuzzTargets() {}

    static void safetensorsHeader(byte[] bytes) {
        try {
            SafetensorsHeader.read(new MemoryBytes(bytes), "input");
        } catch (UserError e) {
            requireOneLine(e);
        }
    }

    /** Reads the tensors too: what was believed at opening must hold. */
    static void torchPickle(byte[] bytes) {
        try {
            TorchPickle.Contents contents = TorchPickle.read(new MemoryBytes(bytes), "input");
            contents.tensors().values().stream()
                    .limit(10)
                    .filter(tensor -> tensor.info("").byteSize() < 1 << 20)
                    .forEach(tensor -> TensorScope.run(() -> tensor.read(
                            dev.diffusion4j.tensor.Tensors.empty(
                                    tensor.layout().dtype().scalarType(), tensor.layout().sizes()),
                            contents.bigEndian())));
        } catch (UserError e) {
            requireOneLine(e);
        }
    }

    static void json(byte[] bytes) {
        try {
            Json.compact(Json.parse(new String(bytes, StandardCharsets.UTF_8), "input"));
        } catch (UserError e) {
            requireOneLine(e);
        }
    }

    private static void requireOneLine(UserError e) {
        if (e.getMessage() == null || e.getMessage().isBlank() || e.getMessage().contains("\n")) {
            throw new AssertionError("not one line: " + e.getMessage());
        }
    }
}
