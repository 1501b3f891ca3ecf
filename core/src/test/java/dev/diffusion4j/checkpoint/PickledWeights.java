// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The same weights as {@code torch.save} would write them. */
public final class PickledWeights {
    private PickledWeights() {}

    /** @param safetensors a file of f32 tensors */
    public static byte[] of(Path safetensors) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(safetensors)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(file.getLong())];
        file.get(header);
        byte[] data = new byte[file.remaining()];
        file.get(data);
        Craft.Pickle pickle = new Craft.Pickle().op(PickleOp.PROTO, 2, PickleOp.EMPTY_DICT);
        Json.parseObject(new String(header, StandardCharsets.UTF_8), "header").forEach((name, value) -> {
            if (!name.equals("__metadata__")) {
                Map<String, Object> tensor = Json.object(value);
                long[] sizes = longs(tensor.get("shape"));
                long offset = longs(tensor.get("data_offsets"))[0] / Float.BYTES;
                pickle.text(name)
                        .tensor(data.length / Float.BYTES, offset, sizes, strides(sizes))
                        .op(PickleOp.SETITEM);
            }
        });
        return Craft.zip(pickle.end(), Map.of("0", data));
    }

    private static long[] longs(Object list) {
        return ((List<?>) list).stream().mapToLong(value -> (Long) value).toArray();
    }

    private static long[] strides(long[] sizes) {
        long[] strides = new long[sizes.length];
        Arrays.fill(strides, 1);
        for (int i = sizes.length - 2; i >= 0; i--) {
            strides[i] = strides[i + 1] * sizes[i + 1];
        }
        return strides;
    }
}
