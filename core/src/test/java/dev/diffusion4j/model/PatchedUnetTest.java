// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Against the {@link UNet2DModel} inside, which is held to diffusers' numbers elsewhere, and patches that are cut by hand. */
class PatchedUnetTest {
    private static Map<String, @Nullable Object> config(int side, int channels, int classes) {
        Map<String, @Nullable Object> config = new HashMap<>();
        config.put("sample_size", (long) side);
        config.put("in_channels", (long) channels);
        config.put("out_channels", (long) channels);
        config.put("num_class_embeds", (long) classes);
        config.put("layers_per_block", 1L);
        config.put("block_out_channels", List.of(8L));
        config.put("norm_num_groups", 4L);
        config.put("down_block_types", List.of("DownBlock2D"));
        config.put("up_block_types", List.of("UpBlock2D"));
        return config;
    }

    /** Channel c·4 + 2·row + column of a patch, as PyTorch's pixel_unshuffle orders them. */
    private static float[] patches(float[] picture, int side) {
        int half = side / 2;
        float[] patches = new float[picture.length];
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                patches[((y % 2 * 2 + x % 2) * half + y / 2) * half + x / 2] = picture[y * side + x];
            }
        }
        return patches;
    }

    @Test
    void it_is_the_inner_network_on_patches() {
        Map<String, @Nullable Object> patched = config(8, 1, 3);
        patched.put("patch_size", 2L);
        try (DiffusionModel model = (DiffusionModel) ModelKind.PATCHED_UNET.create(patched);
                DiffusionModel inner = (DiffusionModel) ModelKind.UNET_2D.create(config(4, 4, 4));
                RandomStream random = new RandomStream(3)) {
            model.initialize(random);
            assertThat(model.config()).containsEntry("patch_size", 2L).containsEntry("num_class_embeds", 3L);
            assertThat(model.numClasses()).isEqualTo(3);
            assertThat(model.sizeMultiple()).isEqualTo(2);
            TensorScope.run(() -> {
                inner.stateDict()
                        .forEach(
                                (name, weight) -> weight.copy_(model.stateDict().get("unet." + name)));
                Tensor sample = random.randn(1, 1, 8, 8);
                Tensor time = Tensors.ofDoubles(7);
                Tensor cut = Tensors.of(patches(Tensors.floats(sample), 8), 1, 4, 4, 4);
                for (int label = 0; label < 4; label++) { // 3 is no class
                    Conditioning given = label < 3
                            ? Conditioning.ofClasses(Tensors.ofLongs(label))
                            : Conditioning.ofClasses(Tensors.ofLongs(1)).withKeep(Tensors.ofDoubles(0));
                    float[] expected =
                            Tensors.floats(inner.forward(cut, time, Conditioning.ofClasses(Tensors.ofLongs(label))));
                    float[] actual = Tensors.floats(model.forward(sample, time, given));
                    assertThat(patches(actual, 8)).containsExactly(expected);
                }
            });
        }
    }

    @Test
    void a_size_that_no_patches_fit_is_refused() {
        assertThatThrownBy(() -> ModelKind.PATCHED_UNET.create(config(9, 1, 3)))
                .hasMessageContaining("sample_size must be a multiple of patch_size (2), but was 9x9");
    }
}
