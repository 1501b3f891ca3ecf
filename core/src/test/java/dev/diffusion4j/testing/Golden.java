// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The reference's numbers, made by the scripts in {@code oracle/}. */
public final class Golden implements AutoCloseable {
    private final Safetensors file;

    private Golden(Safetensors file) {
        this.file = file;
    }

    /** {@code golden/NAME.safetensors} on the test class path. */
    public static Golden open(String name) {
        return new Golden(Safetensors.open(path(name + ".safetensors")));
    }

    /** A file of the golden folder. */
    public static Path path(String name) {
        URL url = Objects.requireNonNull(Golden.class.getResource("/golden/" + name), name);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A tensor; owned by the current scope. */
    public Tensor tensor(String name) {
        return file.read(name);
    }

    public float[] floats(String name) {
        return Tensors.floats(tensor(name));
    }

    public boolean has(String name) {
        return file.tensors().containsKey(name);
    }

    /** The JSON object that was stored as text. */
    public Map<String, @Nullable Object> json(String name) {
        return Json.parseObject(Objects.requireNonNull(file.metadata().get(name), name), name);
    }

    public Map<String, String> metadata() {
        return file.metadata();
    }

    /** Equal within {@code relative} times the largest expected magnitude: the tolerance of f32 sums in another order. */
    public static void assertClose(String what, Tensor actual, Tensor expected, double relative) {
        assertThat(Shapes.text(actual)).as(what + ": shape").isEqualTo(Shapes.text(expected));
        assertClose(what, Tensors.floats(actual), Tensors.floats(expected), relative);
    }

    public static void assertClose(String what, float[] actual, float[] expected, double relative) {
        assertThat(actual.length).as(what + ": length").isEqualTo(expected.length);
        double scale = 1e-6;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        double worst = 0;
        int at = 0;
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            if (!(difference <= worst)) {
                worst = difference;
                at = i;
            }
        }
        assertThat(worst / scale)
                .as("%s: largest difference, at %d: %s instead of %s", what, at, actual[at], expected[at])
                .isLessThanOrEqualTo(relative);
    }

    @Override
    public void close() {
        file.close();
    }
}
