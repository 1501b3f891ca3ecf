// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import static org.bytedeco.pytorch.global.torch.asin;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Distance of a random part of a picture to a text or to another picture, as CLIP sees them: Radford et al. (2021), with the distance and the
 * cuts of Hugging Face diffusion course, unit 2. Borrows the CLIP; close it to free the target.
 */
public final class ClipLoss implements GuidanceLoss, AutoCloseable {
    private static final long[] FEATURES = {1};
    /** Beyond, the distance of opposite points has no slope. */
    private static final double LARGEST_SINE = 1 - 1e-6;

    private final Clip clip;
    private final Tensor target;
    private final boolean sourceRange;

    private ClipLoss(Clip clip, Tensor target, boolean sourceRange) {
        this.clip = clip;
        this.target = target;
        this.sourceRange = sourceRange;
    }

    /** @param text what the pictures are to show; must not be blank */
    public static ClipLoss ofText(Clip clip, String text) {
        Check.that(!text.isBlank(), "a CLIP guidance needs a text that says what the pictures are to show");
        return new ClipLoss(clip, TensorScope.ownResult(() -> clip.embedTexts(List.of(text))), false);
    }

    /** @param picture {@code float32 (1, 1 or 3, H, W)} in [0, 1]; of any size */
    public static ClipLoss ofPicture(Clip clip, Tensor picture) {
        return new ClipLoss(clip, TensorScope.ownResult(() -> clip.embedPictures(picture)), false);
    }

    /**
     * The same, but pictures are shown to CLIP in [−1, 1], as the course's code does by mistake; in place of this one, which must not be
     * closed then.
     */
    public ClipLoss inSourceRange() {
        return new ClipLoss(clip, target, true);
    }

    /** The CLIP; borrowed. */
    public Clip clip() {
        return clip;
    }

    /** Of the whole pictures, whatever their aspect. */
    @Override
    public Tensor perImage(Tensor pictures) {
        int size = clip.pictures().size();
        return TensorScope.keepResult(() -> ofCut(Resize.BILINEAR.to(ranged(pictures), size, size)));
    }

    /** Of the same random part of all pictures. */
    @Override
    public Tensor perImage(Tensor pictures, RandomStream random) {
        PictureCut cut = PictureCut.draw(random, (int) pictures.size(2), (int) pictures.size(3));
        return TensorScope.keepResult(
                () -> ofCut(cut.apply(ranged(pictures), clip.pictures().size())));
    }

    private Tensor ranged(Tensor pictures) {
        return sourceRange ? pictures.mul(new Scalar(2.0)).sub(new Scalar(1.0)) : pictures;
    }

    private Tensor ofCut(Tensor cut) {
        return arc(clip.embed(clip.pictures().normalise(cut)), target);
    }

    /**
     * 2·arcsin(‖a − b‖/2)², half the square of the arc between two points; the course calls it the squared distance. 0 for the same, 1.2337 for
     * points at right angles.
     *
     * @param a {@code (B, D)} of length 1
     * @param b {@code (B or 1, D)} of length 1
     * @return {@code (B)}, owned by the current scope
     */
    public static Tensor arc(Tensor a, Tensor b) {
        return TensorScope.keepResult(() -> {
            Tensor sine = a.sub(b)
                    .square()
                    .sum(FEATURES, false, new ScalarTypeOptional())
                    .add(new Scalar(1e-12))
                    .sqrt()
                    .mul(new Scalar(0.5))
                    .clamp(new ScalarOptional(), new ScalarOptional(new Scalar(LARGEST_SINE)));
            return asin(sine).square().mul(new Scalar(2.0));
        });
    }

    @Override
    public void close() {
        target.close();
    }
}
