// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Brings each channel to mean 0 and variance 1 over a data set, and back (Keras' {@code Normalization}).
 *
 * @param mean of each channel, of levels in [0, 1]
 * @param std standard deviation of each channel, above 0
 */
public record ChannelNormalizer(List<Double> mean, List<Double> std) {
    public ChannelNormalizer {
        Check.that(
                !mean.isEmpty() && mean.size() == std.size(),
                "mean and std must have one number a channel each, but have " + mean.size() + " and " + std.size());
        mean.forEach(value -> Check.finite(value, "mean"));
        std.forEach(value -> Check.positive(value, "std"));
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    /** Of all pixels that an epoch of {@code loader} gives, with its resizing and channels; draws one epoch from it. */
    public static ChannelNormalizer adapt(BatchLoader loader) {
        double[] sums = new double[3];
        double[] squares = new double[3];
        long pixels = 0;
        int channels = 0;
        for (int i = 0; i < loader.batchesPerEpoch(); i++) {
            Batch batch = loader.next();
            channels = (int) batch.shape()[1];
            int plane = (int) (batch.shape()[2] * batch.shape()[3]);
            pixels += (long) plane * batch.size();
            for (int at = 0; at < batch.values().length; at++) {
                int c = at / plane % channels;
                double unit = batch.values()[at] / 2.0 + 0.5;
                sums[c] += unit;
                squares[c] += unit * unit;
            }
        }
        Double[] mean = new Double[channels];
        Double[] std = new Double[channels];
        for (int c = 0; c < channels; c++) {
            mean[c] = sums[c] / pixels;
            std[c] = Math.max(1e-6, Math.sqrt(Math.max(0, squares[c] / pixels - mean[c] * mean[c])));
        }
        return new ChannelNormalizer(List.of(mean), List.of(std));
    }

    /**
     * From a loader's values to normal ones.
     *
     * @param images {@code float32 (B, C, H, W)}, values in [−1, 1]
     * @return the same shape; a new tensor owned by the current scope
     */
    public Tensor apply(Tensor images) {
        checkChannels(images);
        // (x/2 + ½ − mean) / std = x·(1/(2·std)) + (½ − mean)/std
        return TensorScope.keepResult(
                () -> images.mul(column(i -> 1 / (2 * std.get(i)))).add(column(i -> (0.5 - mean.get(i)) / std.get(i))));
    }

    /**
     * Back, clipped to what a picture can show.
     *
     * @param normal {@code float32 (B, C, H, W)}
     * @return the same shape, values in [−1, 1]; a new tensor owned by the current scope
     */
    public Tensor invert(Tensor normal) {
        checkChannels(normal);
        return TensorScope.keepResult(() -> normal.mul(column(i -> 2 * std.get(i)))
                .add(column(i -> 2 * mean.get(i) - 1))
                .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0))));
    }

    private void checkChannels(Tensor images) {
        Check.that(
                images.dim() == 4 && images.size(1) == mean.size(),
                "these must be pictures of " + mean.size() + " channels, but the shape is " + Shapes.text(images));
    }

    private Tensor column(IntToDoubleFunction value) {
        double[] values = new double[mean.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value.applyAsDouble(i);
        }
        return Tensors.ofDoubles(values).view(1, values.length, 1, 1);
    }
}
