// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/** What {@code oracle/golden_transforms.py} found Pillow and torchvision to do. */
public final class GoldenPictures implements AutoCloseable {
    private final Safetensors file;

    public GoldenPictures() {
        try {
            file = Safetensors.open(
                    Path.of(Objects.requireNonNull(GoldenPictures.class.getResource("/golden/transforms.safetensors"))
                            .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The names that begin so, without that beginning, in order. */
    public List<String> names(String beginning) {
        return file.tensors().keySet().stream()
                .filter(name -> name.startsWith(beginning))
                .map(name -> name.substring(beginning.length()))
                .sorted()
                .toList();
    }

    public byte[] bytes(String name) {
        return TensorScope.compute(() -> Tensors.bytes(file.read(name)));
    }

    public float[] floats(String name) {
        return TensorScope.compute(() -> Tensors.floats(file.read(name)));
    }

    /** From (H, W, C). */
    public PixelImage picture(String name) {
        return TensorScope.compute(() -> {
            Tensor tensor = file.read(name);
            return new PixelImage(
                    (int) tensor.size(1), (int) tensor.size(0), (int) tensor.size(2), Tensors.bytes(tensor));
        });
    }

    /** Same size, and no level further off than {@code tolerance}. */
    public static void assertSame(String what, PixelImage actual, PixelImage expected, int tolerance) {
        assertThat(List.of(actual.width(), actual.height(), actual.channels()))
                .as("%s: width, height, channels", what)
                .isEqualTo(List.of(expected.width(), expected.height(), expected.channels()));
        int worst = 0;
        for (int i = 0; i < expected.pixels().length; i++) {
            worst = Math.max(worst, Math.abs((actual.pixels()[i] & 0xff) - (expected.pixels()[i] & 0xff)));
        }
        assertThat(worst).as("%s: largest difference of a level", what).isLessThanOrEqualTo(tolerance);
    }

    @Override
    public void close() {
        file.close();
    }
}
