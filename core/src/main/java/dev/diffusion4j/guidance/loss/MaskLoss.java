// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Distance of the pixels of a region to those of a picture that they are to keep, while the rest is drawn anew: ‖m·(x̂₀ − y)‖ with values in
 * [−1, 1], Chung et al. (2023). Close it to free the picture.
 */
public final class MaskLoss implements GuidanceLoss, AutoCloseable {
    private static final long[] ALL_BUT_BATCH = {1, 2, 3};
    private static final long[] CHANNELS = {1};

    private final Tensor picture;
    private final Tensor mask;

    /**
     * @param picture {@code float32 (1, 3, H, W)} in [0, 1]; resized to the samples'; copied
     * @param mask {@code float32 (1, 1, H, W)}, 1 where the picture is kept; resized too; copied
     */
    public MaskLoss(Tensor picture, Tensor mask) {
        Check.that(
                TensorScope.compute(() -> mask.sum().item_double()) > 0,
                "a mask guidance must keep a part of the picture");
        this.picture = TensorScope.ownResult(picture::clone);
        this.mask = TensorScope.ownResult(mask::clone);
    }

    @Override
    public Tensor perImage(Tensor pictures) {
        return TensorScope.keepResult(() -> {
            Tensor wanted = sized(picture, pictures);
            if (pictures.size(1) == 1) {
                wanted = wanted.mean(CHANNELS, true, new org.bytedeco.pytorch.ScalarTypeOptional());
            }
            return pictures.sub(wanted)
                    .mul(sized(mask, pictures))
                    .square()
                    .sum(ALL_BUT_BATCH, false, new org.bytedeco.pytorch.ScalarTypeOptional())
                    .add(new Scalar(1e-12))
                    .sqrt()
                    .mul(new Scalar(2.0));
        });
    }

    private static Tensor sized(Tensor kept, Tensor like) {
        return kept.size(2) == like.size(2) && kept.size(3) == like.size(3)
                ? kept
                : Resize.BILINEAR.to(kept, like.size(2), like.size(3));
    }

    @Override
    public void close() {
        picture.close();
        mask.close();
    }
}
