// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.unet2d.UNet2DConfig;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What any bytes may be given to. Each target parses them, or throws a {@link Problem} of one line or an
 * {@link IllegalArgumentException}; anything else is a finding. {@link ParserFuzzTest} looks for findings,
 * {@link FuzzSeedsTest} sees that old ones stay mended.
 */
enum FuzzTargets {
    SAFETENSORS_HEADER(bytes -> SafetensorsHeader.read(new MemoryBytes(bytes), "input")),
    TORCH_PICKLE(FuzzTargets::torchPickle),
    PICKLE_PROGRAM(bytes -> torchPickle(Craft.zip(bytes, Map.of("0", new byte[64], "1", new byte[8])))),
    JSON(FuzzTargets::json),
    YAML(bytes -> Yaml.write(Yaml.parseObject(utf8(bytes), "input"))),
    PNG_NOTES(FuzzTargets::png),
    UNET_CONFIG(bytes -> Records.toMap(
            Records.bindKnown(UNet2DConfig.DEFAULT, object(bytes), "input").value())),
    SCHEDULER_CONFIG(bytes -> {
        Map<String, @Nullable Object> config = object(bytes);
        for (SchedulerKind kind : SchedulerKind.values()) {
            kind.create(config);
        }
    });

    private final Consumer<byte[]> body;

    FuzzTargets(Consumer<byte[]> body) {
        this.body = body;
    }

    /** @throws RuntimeException on a finding */
    void run(byte[] bytes) {
        try {
            body.accept(bytes);
        } catch (Problem e) {
            if (e.getMessage() == null
                    || e.getMessage().isBlank()
                    || e.getMessage().lines().count() != 1) {
                throw new AssertionError("not one line: " + e.getMessage(), e);
            }
        } catch (IllegalArgumentException e) {
            boolean isOurs = e.getClass() == IllegalArgumentException.class || e instanceof InvalidArgument;
            if (!isOurs || e.getMessage() == null) {
                throw new AssertionError("no message of ours", e);
            }
        }
    }

    /** Reads the tensors too: what was believed at opening must hold. */
    private static void torchPickle(byte[] bytes) {
        TorchPickle.Contents contents = TorchPickle.read(new MemoryBytes(bytes), "input");
        contents.tensors().values().stream()
                .limit(10)
                .filter(tensor -> tensor.info("").byteSize() < 1 << 20)
                .forEach(tensor -> TensorScope.run(() -> {
                    NumberLayout layout = tensor.layout();
                    tensor.read(Tensors.empty(layout.dtype().scalarType(), layout.sizes()), contents.bigEndian());
                }));
    }

    /** What was written must be read as the same. */
    private static void json(byte[] bytes) {
        Object value = Json.parse(utf8(bytes), "input");
        String text = Json.compact(value);
        if (!Json.compact(Json.parse(text, "own output")).equals(text)) {
            throw new AssertionError("written and read again it is another: " + text);
        }
    }

    private static void png(byte[] bytes) {
        try {
            PngFile.readNotes(new ByteArrayInputStream(bytes), "input");
        } catch (EOFException e) {
            throw Problem.failure("cut short", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, @Nullable Object> object(byte[] bytes) {
        return Json.parseObject(utf8(bytes), "input");
    }

    private static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
