// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.BatchKernel;
import dev.diffusion4j.kernel.Curve;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation with a scale, a shift and a curve after it, over a tensor in channels-last memory, f32 or bf16, and its
 * gradient. Works in chunks that stay in the cache, on as many threads as LibTorch would use.
 */
final class BatchPasses {
    private final int channels;
    private final Curve curve;
    private final boolean bf16;
    private final long pixels;
    private final float @Nullable [] added;
    /** Pixels of a picture, which chunks do not go beyond; of all where nothing is added to a picture. */
    private final long ofPicture;

    private final int ofChunk;
    private final long chunksOfPicture;

    /** Mean and variance of each channel; the variance's divisor is the count. */
    record Statistics(double[] mean, double[] variance, long count) {}

    /** z = scale·x + offset, in plain order and as the loops take it. */
    record Affine(float[] mean, float[] inverse, float[] weight, float[][] scale, float[][] offset) {}

    /** Of the scale and of the shift. */
    record ParameterGradients(double[] weight, double[] bias) {}

    /** @param added to the result, (B·C) numbers, one to all pixels of a picture's channel; {@code null} for nothing */
    BatchPasses(Tensor sample, Curve curve, float @Nullable [] added) {
        channels = (int) sample.size(1);
        bf16 = Tensors.type(sample) == ScalarType.BFloat16;
        pixels = sample.size(0) * sample.size(2) * sample.size(3);
        this.curve = curve;
        this.added = added;
        ofPicture = added == null ? pixels : sample.size(2) * sample.size(3);
        long most = BatchKernel.chunkPixels(channels);
        chunksOfPicture = (ofPicture + most - 1) / most;
        ofChunk = Math.toIntExact(added == null ? most : (ofPicture + chunksOfPicture - 1) / chunksOfPicture);
    }

    /** Numbers of a channel. */
    long count() {
        return pixels;
    }

    private int chunks() {
        return pixels == 0 ? 0 : Math.toIntExact(pixels / ofPicture * chunksOfPicture);
    }

    /** Works on all chunks. Those of a picture to which something is added stay on one thread, as they add to one sum, always in the same order. */
    private void each(Parallel.Body body) {
        int together = added == null ? 1 : (int) chunksOfPicture;
        Parallel.run(chunks() / together, (first, last, part) -> body.run(first * together, last * together, part));
    }

    private int picture(int chunk) {
        return (int) (chunk / chunksOfPicture);
    }

    private long start(int chunk) {
        return picture(chunk) * ofPicture + chunk % chunksOfPicture * ofChunk;
    }

    private int pixelsOf(int chunk) {
        return (int) Math.min(ofChunk, ofPicture - chunk % chunksOfPicture * ofChunk);
    }

    /** Of the batch; sums are made in f32 within a chunk and in double beyond. */
    Statistics statistics(Tensor input) {
        float[] first = firstPixel(input); // near the mean, so that little cancels
        float[][] shift = BatchKernel.spread(first, bf16);
        double[][] sums = new double[Parallel.parts()][channels];
        double[][] squares = new double[Parallel.parts()][channels];
        each((from, to, part) -> {
            Worker worker = new Worker(input, input, input);
            for (int i = from; i < to; i++) {
                worker.readInput(i);
                worker.kernel.sums(worker.chunk, pixelsOf(i), shift, sums[part], squares[part]);
            }
        });
        double[] sum = total(sums);
        double[] square = total(squares);
        double[] mean = new double[channels];
        double[] variance = new double[channels];
        for (int c = 0; c < channels; c++) {
            mean[c] = first[c] + sum[c] / pixels;
            variance[c] = Math.max(0, square[c] / pixels - sum[c] / pixels * (sum[c] / pixels));
        }
        return new Statistics(mean, variance, pixels);
    }

    private float[] firstPixel(Tensor input) {
        return Tensors.floats(input.permute(0, 2, 3, 1).reshape(-1, channels).narrow(0, 0, 1));
    }

    Affine affine(Statistics statistics, double eps, float[] weight, float[] bias) {
        float[] scale = new float[channels];
        float[] offset = new float[channels];
        float[] mean = new float[channels];
        float[] inverse = new float[channels];
        for (int c = 0; c < channels; c++) {
            double own = 1 / Math.sqrt(statistics.variance[c] + eps);
            mean[c] = (float) statistics.mean[c];
            inverse[c] = (float) own;
            scale[c] = (float) (weight[c] * own);
            offset[c] = (float) (bias[c] - statistics.mean[c] * weight[c] * own);
        }
        return new Affine(mean, inverse, weight, BatchKernel.spread(scale, bf16), BatchKernel.spread(offset, bf16));
    }

    /** @param output like {@code input}, or the same tensor */
    void apply(Tensor input, Affine affine, Tensor output) {
        each((from, to, part) -> {
            Worker worker = new Worker(input, input, output);
            for (int i = from; i < to; i++) {
                worker.readInput(i);
                worker.kernel.apply(worker.chunk, pixelsOf(i), affine.scale, affine.offset, worker.added(picture(i)));
                worker.write(worker.chunk, i);
            }
        });
    }

    /**
     * Of the parameters.
     *
     * @param ofAdded receives the gradient of what is added, a row for each picture; {@code null} where nobody asks
     */
    ParameterGradients parameterGradients(Tensor gradient, Tensor input, Affine affine, double @Nullable [][] ofAdded) {
        double[][] sums = new double[Parallel.parts()][channels];
        double[][] products = new double[Parallel.parts()][channels];
        each((from, to, part) -> {
            Worker worker = new Worker(input, gradient, gradient);
            for (int i = from; i < to; i++) {
                worker.readInput(i);
                worker.readOther(i);
                worker.kernel.gradientSums(
                        worker.other,
                        worker.chunk,
                        pixelsOf(i),
                        affine.scale,
                        affine.offset,
                        sums[part],
                        products[part],
                        ofAdded == null ? null : ofAdded[picture(i)]);
            }
        });
        double[] bias = total(sums);
        double[] weight = total(products);
        for (int c = 0; c < channels; c++) {
            weight[c] = (weight[c] - affine.mean[c] * bias[c]) * affine.inverse[c];
        }
        return new ParameterGradients(weight, bias);
    }

    /**
     * The gradient of the input: dx = w/σ·(dz − mean(dz) − x̂·mean(dz·x̂)).
     *
     * @param gradient of the output
     * @param parameters {@code null} where the statistics are not the batch's, and dx = w/σ·dz
     * @param result receives it; may be {@code gradient}
     * @param ofAdded as for {@link #parameterGradients}
     */
    void inputGradient(
            Tensor gradient,
            Tensor input,
            Affine affine,
            @Nullable ParameterGradients parameters,
            Tensor result,
            double @Nullable [][] ofAdded) {
        float[][][] factors = factors(affine, parameters);
        each((from, to, part) -> {
            Worker worker = new Worker(input, gradient, result);
            for (int i = from; i < to; i++) {
                worker.readInput(i);
                worker.readOther(i);
                worker.kernel.gradient(
                        worker.other,
                        worker.chunk,
                        pixelsOf(i),
                        affine.scale,
                        affine.offset,
                        factors[0],
                        factors[1],
                        factors[2],
                        ofAdded == null ? null : ofAdded[picture(i)]);
                worker.write(worker.other, i);
            }
        });
    }

    /** p, q and r of p·dz + q·x + r, as the loops take them. */
    private float[][][] factors(Affine affine, @Nullable ParameterGradients parameters) {
        float[] p = new float[channels];
        float[] q = new float[channels];
        float[] r = new float[channels];
        for (int c = 0; c < channels; c++) {
            double slope = (double) affine.weight[c] * affine.inverse[c];
            p[c] = (float) slope;
            if (parameters != null) {
                double ofInput = -slope * affine.inverse[c] * parameters.weight[c] / pixels;
                q[c] = (float) ofInput;
                r[c] = (float) (-slope * parameters.bias[c] / pixels - ofInput * affine.mean[c]);
            }
        }
        return new float[][][] {BatchKernel.spread(p, bf16), BatchKernel.spread(q, bf16), BatchKernel.spread(r, bf16)};
    }

    private static double[] total(double[][] parts) {
        double[] sum = parts[0];
        for (int i = 1; i < parts.length; i++) {
            for (int c = 0; c < sum.length; c++) {
                sum[c] += parts[i][c];
            }
        }
        return sum;
    }

    /** One thread's part of a pass; valid while the tensors live. */
    private final class Worker {
        final BatchKernel kernel = new BatchKernel(channels, curve, bf16);
        final Object chunk = BatchKernel.chunk(channels, bf16);
        final Object other = BatchKernel.chunk(channels, bf16);
        private float @Nullable [][] spread;
        private int addedTo = -1;
        private final IntPointer inputInts;
        private final IntPointer otherInts;
        private final IntPointer resultInts;
        private final FloatPointer inputFloats;
        private final FloatPointer otherFloats;
        private final FloatPointer resultFloats;

        /**
         * @param second is read by {@link #readOther}
         * @param result is written by {@link #write}
         */
        Worker(Tensor input, Tensor second, Tensor result) {
            inputInts = new IntPointer(input.data_ptr());
            otherInts = new IntPointer(second.data_ptr());
            inputFloats = new FloatPointer(input.data_ptr());
            otherFloats = new FloatPointer(second.data_ptr());
            resultInts = new IntPointer(result.data_ptr());
            resultFloats = new FloatPointer(result.data_ptr());
        }

        /** What is added to a picture, as the loops take it. */
        float @Nullable [][] added(int picture) {
            if (added != null && picture != addedTo) {
                addedTo = picture;
                spread = BatchKernel.spread(
                        Arrays.copyOfRange(added, picture * channels, (picture + 1) * channels), bf16);
            }
            return spread;
        }

        void readInput(int i) {
            read(inputInts, inputFloats, chunk, i);
        }

        void readOther(int i) {
            read(otherInts, otherFloats, other, i);
        }

        private void read(IntPointer ints, FloatPointer floats, Object into, int i) {
            long start = start(i) * channels;
            int numbers = pixelsOf(i) * channels;
            if (bf16) {
                ints.position(start / 2).get((int[]) into, 0, numbers / 2);
            } else {
                floats.position(start).get((float[]) into, 0, numbers);
            }
        }

        void write(Object from, int i) {
            long start = start(i) * channels;
            int numbers = pixelsOf(i) * channels;
            if (bf16) {
                resultInts.position(start / 2).put((int[]) from, 0, numbers / 2);
            } else {
                resultFloats.position(start).put((float[]) from, 0, numbers);
            }
        }
    }
}
