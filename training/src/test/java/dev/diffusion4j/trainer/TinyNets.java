// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.RandomStream;
import java.util.List;
import java.util.Map;

/** Networks that are small enough for any test. */
final class TinyNets {
    private TinyNets() {}

    /** A U-Net of two levels for RGB pictures of 8×8, with random weights; the caller closes it. */
    static DiffusionModel unet(long seed) {
        DiffusionModel net = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size",
                8,
                "block_out_channels",
                List.of(8, 8),
                "norm_num_groups",
                4,
                "layers_per_block",
                1,
                "down_block_types",
                List.of("DownBlock2D", "DownBlock2D"),
                "up_block_types",
                List.of("UpBlock2D", "UpBlock2D")));
        try (RandomStream random = new RandomStream(seed)) {
            net.initialize(random);
        }
        return net;
    }
}
