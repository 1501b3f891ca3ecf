// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Attention;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import org.jspecify.annotations.Nullable;

/** The numbers of the blocks of one level, which differ a little between plain and skip blocks in diffusers. */
final class BlockSpecs {
    private static final int MAX_SKIP_GROUPS = 32;

    private final UNet2DConfig config;
    private final boolean skip;
    private final double outputScale;

    BlockSpecs(UNet2DConfig config, boolean skip) {
        this.config = config;
        this.skip = skip;
        this.outputScale = skip ? Math.sqrt(2) : 1;
    }

    /** A residual block on the way down. */
    ResnetBlock.Spec down(int in, int out) {
        return skip ? spec(in, out, skipGroups(in), skipGroups(out)) : plain(in, out);
    }

    /** A residual block on the way up; {@code joined} channels come from below, {@code skipped} from the skip. */
    ResnetBlock.Spec up(int joined, int skipped, int out, boolean attention) {
        int in = joined + skipped;
        if (!skip) {
            return plain(in, out);
        }
        // AttnSkipUpBlock2D divides only the second term by four; its published weights depend on it
        int groups = attention ? Math.min(joined + skipped / 4, MAX_SKIP_GROUPS) : skipGroups(in);
        return spec(in, out, groups, skipGroups(out));
    }

    /** A residual block that halves or doubles. */
    ResnetBlock.Spec resampling(int channels, Resample.Kind kind) {
        int groups = skip ? skipGroups(channels) : plainGroups();
        return new ResnetBlock.Spec(
                channels,
                channels,
                config.timeFeatures(),
                groups,
                groups,
                config.normEps(),
                config.dropout(),
                config.actFn(),
                config.scaleShift(),
                outputScale,
                kind,
                skip);
    }

    /** Attention of this level. */
    Attention attention(int channels, @Nullable Integer groups) {
        return new Attention(channels, config.headSize(channels), groups, config.normEps(), outputScale);
    }

    private ResnetBlock.Spec plain(int in, int out) {
        return spec(in, out, plainGroups(), plainGroups());
    }

    private int plainGroups() {
        return Check.given(config.normNumGroups(), "norm_num_groups");
    }

    private static int skipGroups(int channels) {
        return Math.max(1, Math.min(channels / 4, MAX_SKIP_GROUPS));
    }

    private ResnetBlock.Spec spec(int in, int out, int groups, int groupsOut) {
        return new ResnetBlock.Spec(
                in,
                out,
                config.timeFeatures(),
                groups,
                groupsOut,
                config.normEps(),
                config.dropout(),
                config.actFn(),
                config.scaleShift(),
                outputScale,
                Resample.Kind.NONE,
                false);
    }
}
