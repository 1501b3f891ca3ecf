// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.TextCleaning;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * How a CLIP expects its pictures.
 *
 * @param size height and width
 * @param mean of each channel, which is subtracted
 * @param deviation of each channel, divided by
 */
public record ClipPictures(int size, List<Double> mean, List<Double> deviation) {
    /** OpenAI's, which most others keep. */
    static final List<Double> MEAN = List.of(0.48145466, 0.4578275, 0.40821073);

    static final List<Double> DEVIATION = List.of(0.26862954, 0.26130258, 0.27577711);

    private static final double LEVELS = 255;

    public ClipPictures {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        Check.that(mean.size() == 3 && deviation.size() == 3, "a CLIP's mean and deviation must have 3 numbers each");
        deviation.forEach(value -> Check.positive(value, "a CLIP's deviation"));
    }

    /** For a network that is given pixels in [−1, 1], as denoisers are. */
    public static ClipPictures ofSamples(int size) {
        return new ClipPictures(size, Collections.nCopies(3, 0.5), Collections.nCopies(3, 0.5));
    }

    /**
     * @param pictures {@code float32 (B, 1 or 3, H, W)}, 0 black and 1 white
     * @return {@code float32 (B, 3, H, W)}, a new tensor owned by the current scope; differentiable
     */
    public Tensor normalise(Tensor pictures) {
        return TensorScope.keepResult(() -> {
            Tensor centre = channels(mean);
            return pictures.sub(centre).div(channels(deviation)); // one channel becomes three
        });
    }

    private static Tensor channels(List<Double> values) {
        return Tensors.ofDoubles(
                        values.stream().mapToDouble(Double::doubleValue).toArray())
                .view(1, values.size(), 1, 1);
    }

    /**
     * The largest centred square in whole grey levels, as both references prepare files: the shorter side is resized, bicubic, with
     * the two passes in the order of Pillow 13, which takes the columns first where the height shrinks much more than the width.
     *
     * @param pictures {@code float32 (B, 1 or 3, H, W)}, 0 black and 1 white
     * @return {@code float32 (B, 3, size, size)}, normalised; a new tensor owned by the current scope
     */
    public Tensor whole(Tensor pictures, TextCleaning reference) {
        long height = pictures.size(2);
        long width = pictures.size(3);
        long shorter = Math.min(height, width);
        long tall = height == shorter ? size : size * height / shorter;
        long wide = width == shorter ? size : size * width / shorter;
        return TensorScope.keepResult(() -> {
            Tensor whole = levels(pictures);
            boolean columnsFirst = tall < height && height - tall > 2 * (width - wide);
            Tensor resized = columnsFirst ? across(down(whole, tall), wide) : down(across(whole, wide), tall);
            Tensor square = resized.narrow(2, margin(tall - size, reference), size)
                    .narrow(3, margin(wide - size, reference), size);
            return normalise(square);
        });
    }

    /** How much is cut off before the centre of a line that is too long by {@code excess}. */
    private static long margin(long excess, TextCleaning reference) {
        return reference == TextCleaning.TRANSFORMERS ? excess / 2 : (long) Math.rint(excess / 2.0);
    }

    private static Tensor across(Tensor pictures, long width) {
        return pictures.size(3) == width ? pictures : levels(Resize.BICUBIC.across(pictures, width));
    }

    private static Tensor down(Tensor pictures, long height) {
        return pictures.size(2) == height ? pictures : levels(Resize.BICUBIC.down(pictures, height));
    }

    private static Tensor levels(Tensor pictures) {
        return pictures.clamp(new ScalarOptional(new Scalar(0.0)), new ScalarOptional(new Scalar(1.0)))
                .mul_(new Scalar(LEVELS))
                .round_()
                .div_(new Scalar(LEVELS));
    }
}
