// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static org.bytedeco.pytorch.global.torch.maximum;
import static org.bytedeco.pytorch.global.torch.minimum;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Between which values a sample's pixels lie: what is black and what is white, for all channels alike or for each channel.
 *
 * @param lows black; one number, or one a channel
 * @param highs white; as many
 */
public record SampleRange(List<Double> lows, List<Double> highs) {
    /** [−1, 1], as almost all networks have it. */
    public static final SampleRange SIGNED = new SampleRange(-1, 1);
    /** [0, 1], as the networks of Song et al. (2021) have it. */
    public static final SampleRange UNIT = new SampleRange(0, 1);

    public SampleRange {
        Check.that(
                !lows.isEmpty() && lows.size() == highs.size(),
                "a range must have a low and a high for each channel, but has " + lows.size() + " and " + highs.size());
        lows = List.copyOf(lows);
        highs = List.copyOf(highs);
    }

    /** The same for all channels. */
    public SampleRange(double low, double high) {
        this(List.of(low), List.of(high));
    }

    /**
     * Of samples whose channels were brought to mean 0 and variance 1.
     *
     * @param mean of each channel, of levels in [0, 1]
     * @param std standard deviation of each channel
     */
    public static SampleRange normalized(List<Double> mean, List<Double> std) {
        Double[] low = new Double[mean.size()];
        Double[] high = new Double[mean.size()];
        for (int i = 0; i < low.length; i++) {
            low[i] = -mean.get(i) / std.get(i);
            high[i] = (1 - mean.get(i)) / std.get(i);
        }
        return new SampleRange(List.of(low), List.of(high));
    }

    /** The key of a scheduler's config that names the range: {@code signed} or {@code unit}. */
    static final String KEY = "sample_range";

    /**
     * By its name in a scheduler's config.
     *
     * @param name {@code signed} or {@code unit}
     * @throws IllegalArgumentException where there is no such range
     */
    static SampleRange named(Object name) {
        return switch (String.valueOf(name)) {
            case "signed" -> SIGNED;
            case "unit" -> UNIT;
            default ->
                throw new IllegalArgumentException(
                        KEY + " must be signed, for pixels from -1 to 1, or unit, for pixels from"
                                + " 0 to 1, but was '" + name + "'");
        };
    }

    /**
     * A sample as a picture: 0 black, 1 white, not cut; differentiable.
     *
     * @param sample {@code float32 (B, C, H, W)} in this range
     * @return {@code float32 (B, C, H, W)}, a new tensor owned by the current scope
     */
    public Tensor toUnit(Tensor sample) {
        if (lows.size() == 1) {
            double low = lows.get(0);
            return TensorScope.keepResult(() -> sample.sub(new Scalar(low)).div(new Scalar(highs.get(0) - low)));
        }
        return TensorScope.keepResult(
                () -> sample.sub(column(sample, lows::get)).div(column(sample, i -> highs.get(i) - lows.get(i))));
    }

    /**
     * Pictures as the network expects them.
     *
     * @param pictures {@code float32 (B, C, H, W)} in [−1, 1]
     * @return {@code pictures} itself where they lie in this range already, or a new tensor owned by the current scope
     */
    public Tensor fromSigned(Tensor pictures) {
        if (equals(SIGNED)) {
            return pictures;
        }
        if (lows.size() == 1) {
            double low = lows.get(0);
            double high = highs.get(0);
            return TensorScope.keepResult(
                    () -> Combine.scale((high - low) / 2, pictures).add(new Scalar((high + low) / 2)));
        }
        return TensorScope.keepResult(() -> pictures.mul(column(pictures, i -> (highs.get(i) - lows.get(i)) / 2))
                .add(column(pictures, i -> (highs.get(i) + lows.get(i)) / 2)));
    }

    /**
     * A sample as a picture in [−1, 1], not cut; differentiable: the inverse of {@link #fromSigned}.
     *
     * @param sample {@code float32 (B, C, H, W)} in this range
     * @return {@code sample} itself where it lies in that range already, or a new tensor owned by the current scope
     */
    public Tensor toSigned(Tensor sample) {
        if (equals(SIGNED)) {
            return sample;
        }
        return TensorScope.keepResult(() -> toUnit(sample).mul(new Scalar(2.0)).sub(new Scalar(1.0)));
    }

    /**
     * A sample with what is blacker than black or whiter than white cut; differentiable, with the gradient 0 where it was cut.
     *
     * @return a new tensor owned by the current scope
     */
    public Tensor clamp(Tensor sample) {
        return TensorScope.keepResult(
                () -> maximum(minimum(sample, column(sample, highs::get)), column(sample, lows::get)));
    }

    private Tensor column(Tensor sample, IntToDoubleFunction value) {
        Check.that(
                lows.size() == 1 || sample.dim() == 4 && sample.size(1) == lows.size(),
                "these must be pictures of " + lows.size() + " channels, but the shape is " + Shapes.text(sample));
        double[] values = new double[lows.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value.applyAsDouble(i);
        }
        return Tensors.ofDoubles(values).view(1, values.length, 1, 1).to(sample.device(), Tensors.type(sample));
    }
}
