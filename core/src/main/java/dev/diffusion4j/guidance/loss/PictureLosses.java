// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Losses of simple properties of a picture. Targets are in [0, 1]; others are refused. */
public final class PictureLosses {
    private static final long[] CHANNELS = {1};

    private PictureLosses() {}

    /** Distance of the mean to a brightness. */
    public static GuidanceLoss brightness(double target) {
        Check.inRange(target, 0, 1, "brightness");
        return pictures -> TensorScope.keepResult(
                () -> pictures.mean(1, 2, 3).sub(new Scalar(target)).abs());
    }

    /** Distance of the standard deviation to a contrast; 0.5 is half black, half white. */
    public static GuidanceLoss contrast(double target) {
        Check.inRange(target, 0, 1, "contrast");
        return pictures -> TensorScope.keepResult(() -> pictures.flatten(1, 3)
                .var(CHANNELS, false, false)
                .add(new Scalar(1e-8))
                .sqrt()
                .sub(new Scalar(target))
                .abs());
    }

    /** Distance of the mean difference between a pixel's strongest and weakest channel to a saturation. */
    public static GuidanceLoss saturation(double target) {
        return new Saturation(Check.inRange(target, 0, 1, "saturation"));
    }

    private record Saturation(double target) implements GuidanceLoss {
        @Override
        public Tensor perImage(Tensor pictures) {
            return TensorScope.keepResult(() -> pictures.amax(CHANNELS, false)
                    .sub(pictures.amin(CHANNELS, false))
                    .mean(1, 2)
                    .sub(new Scalar(target))
                    .abs());
        }

        @Override
        public void checkChannels(int channels) {
            Check.that(channels > 1, "can do nothing: this network draws grey pictures, which have no saturation");
        }
    }

    /** Distance of the mean difference between neighbouring pixels to a sharpness; photographs have about 0.05. */
    public static GuidanceLoss sharpness(double target) {
        Check.inRange(target, 0, 1, "sharpness");
        return pictures -> TensorScope.keepResult(
                () -> edges(pictures).sub(new Scalar(target)).abs());
    }

    private static Tensor edges(Tensor pictures) {
        long height = pictures.size(2);
        long width = pictures.size(3);
        Tensor down = pictures.narrow(2, 1, height - 1).sub(pictures.narrow(2, 0, height - 1));
        Tensor right = pictures.narrow(3, 1, width - 1).sub(pictures.narrow(3, 0, width - 1));
        return down.abs().mean(1, 2, 3).add(right.abs().mean(1, 2, 3)).mul(new Scalar(0.5));
    }

    /** Mean difference to the mirrored picture: left and right, or top and bottom. */
    public static GuidanceLoss symmetry(boolean leftAndRight) {
        return pictures -> TensorScope.keepResult(
                () -> pictures.sub(pictures.flip(leftAndRight ? 3 : 2)).abs().mean(1, 2, 3));
    }
}
