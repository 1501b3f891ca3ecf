// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classconditioned;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2d.UNet2DConfig;
import dev.diffusion4j.model.unet2d.UNet2DConfig.DownBlockType;
import dev.diffusion4j.model.unet2d.UNet2DConfig.UpBlockType;
import java.util.List;
import java.util.Map;

/**
 * The config of a {@link ClassConditionedUnet}; the defaults are the lesson's.
 *
 * @param numClasses how many classes
 * @param classEmbSize extra input channels; each class has a learnt number for each
 * @param unet the inner network; its {@code in_channels} are the sample's channels plus {@code classEmbSize}
 */
public record ClassConditionedConfig(int numClasses, int classEmbSize, UNet2DConfig unet) {
    /** 28×28 grey digits, ten classes, four extra channels. */
    public static final ClassConditionedConfig DEFAULT = new ClassConditionedConfig(10, 4, lessonUnet());

    public ClassConditionedConfig {
        Check.inRange(numClasses, 1, 1_000_000, "num_classes");
        Check.inRange(classEmbSize, 1, 4096, "class_emb_size");
        Check.that(
                unet.inChannels() > classEmbSize,
                "unet.in_channels (" + unet.inChannels() + ") must be the sample's channels plus class_emb_size ("
                        + classEmbSize + ")");
    }

    private static UNet2DConfig lessonUnet() {
        return Records.with(
                UNet2DConfig.DEFAULT,
                Map.of(
                        "sample_size", SampleSize.square(28),
                        "in_channels", 5,
                        "out_channels", 1,
                        "block_out_channels", List.of(32, 64, 64),
                        "down_block_types",
                                List.of(DownBlockType.DOWN, DownBlockType.ATTENTION, DownBlockType.ATTENTION),
                        "up_block_types", List.of(UpBlockType.ATTENTION, UpBlockType.ATTENTION, UpBlockType.UP)));
    }
}
