// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.Curve;
import dev.diffusion4j.kernel.NormKernel;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Runs a {@link NormKernel} over the pictures of a tensor in channels-last memory, f32 or bf16. */
final class NormPasses {
    private final int channels;
    private final int groups;
    private final double eps;
    private final Curve curve;
    private final boolean bf16;
    private final Deque<Worker> idle = new ArrayDeque<>();

    /** Scratch memory of one thread. */
    private static final class Worker {
        final NormKernel kernel;
        int[] packed = {};
        int[] packedGradient = {};
        float[] plain = {};
        float[] plainGradient = {};

        Worker(NormKernel kernel) {
            this.kernel = kernel;
        }

        void reserve(int numbers, boolean bf16) {
            if (bf16 && packed.length < numbers / 2) {
                packed = new int[numbers / 2];
                packedGradient = new int[numbers / 2];
            }
            if (!bf16 && plain.length < numbers) {
                plain = new float[numbers];
                plainGradient = new float[numbers];
            }
        }

        void read(boolean bf16, Pictures gradients, Pictures inputs, int picture) {
            if (bf16) {
                gradients.read(picture, packedGradient);
                inputs.read(picture, packed);
            } else {
                gradients.read(picture, plainGradient);
                inputs.read(picture, plain);
            }
        }

        /** The gradient of the output becomes that of the input; the parameters' are added to {@code sums}. */
        void backward(
                boolean bf16,
                int pixels,
                float[] weight,
                float[] bias,
                float[] stats,
                ParameterGradients sums,
                float @Nullable [] added,
                int at) {
            double[] ofWeight = sums.weight();
            double[] ofBias = sums.bias();
            if (bf16) {
                kernel.backward(packedGradient, packed, pixels, weight, bias, stats, ofWeight, ofBias, added, at);
            } else {
                kernel.backward(plainGradient, plain, pixels, weight, bias, stats, ofWeight, ofBias, added, at);
            }
        }
    }

    NormPasses(int channels, int groups, double eps, Curve curve, boolean bf16) {
        this.channels = channels;
        this.groups = groups;
        this.eps = eps;
        this.curve = curve;
        this.bf16 = bf16;
    }

    static boolean fits(long channels, ScalarType type) {
        return (type == ScalarType.BFloat16 || type == ScalarType.Float)
                && NormKernel.fits((int) channels, type == ScalarType.BFloat16);
    }

    private Worker borrow(int numbers) {
        Worker worker;
        synchronized (idle) {
            worker = idle.poll();
        }
        if (worker == null) {
            worker = new Worker(new NormKernel(channels, groups, eps, curve, bf16));
        }
        worker.reserve(numbers, bf16);
        return worker;
    }

    private void giveBack(Worker worker) {
        synchronized (idle) {
            idle.push(worker);
        }
    }

    /**
     * @param input (B, C, H, W), channels last
     * @param added B·C numbers, or {@code null}
     * @param stats receives mean and 1/σ of each group of each picture
     * @param output like {@code input}
     */
    void forward(Tensor input, float @Nullable [] added, float[] weight, float[] bias, float[] stats, Tensor output) {
        int pixels = (int) (input.size(2) * input.size(3));
        int numbers = pixels * channels;
        Pictures from = new Pictures(input, numbers);
        Pictures to = new Pictures(output, numbers);
        Parallel.run((int) input.size(0), (first, last, part) -> {
            Worker worker = borrow(numbers);
            float[] own = new float[2 * groups];
            for (int i = first; i < last; i++) {
                worker.kernel.add(added, i * channels);
                if (bf16) {
                    from.read(i, worker.packed);
                    worker.kernel.forward(worker.packed, pixels, weight, bias, own);
                    to.write(i, worker.packed);
                } else {
                    from.read(i, worker.plain);
                    worker.kernel.forward(worker.plain, pixels, weight, bias, own);
                    to.write(i, worker.plain);
                }
                System.arraycopy(own, 0, stats, i * 2 * groups, 2 * groups);
            }
            giveBack(worker);
        });
    }

    /** Gradients of the parameters, summed over the pictures in a fixed order. */
    record ParameterGradients(double[] weight, double[] bias) {}

    /**
     * @param gradient of the output, (B, C, H, W), channels last
     * @param input of the forward pass
     * @param addedGradient receives B·C numbers, or {@code null}
     * @param result receives the gradient of the input
     */
    ParameterGradients backward(
            Tensor gradient,
            Tensor input,
            float @Nullable [] added,
            float[] weight,
            float[] bias,
            float[] stats,
            float @Nullable [] addedGradient,
            Tensor result) {
        int pixels = (int) (input.size(2) * input.size(3));
        int numbers = pixels * channels;
        Pictures of = new Pictures(gradient, numbers);
        Pictures from = new Pictures(input, numbers);
        Pictures to = new Pictures(result, numbers);
        double[][] weights = new double[Parallel.parts()][channels];
        double[][] biases = new double[Parallel.parts()][channels];
        Parallel.run((int) input.size(0), (first, last, part) -> {
            Worker worker = borrow(numbers);
            float[] own = new float[2 * groups];
            for (int i = first; i < last; i++) {
                worker.kernel.add(added, i * channels);
                System.arraycopy(stats, i * 2 * groups, own, 0, 2 * groups);
                worker.read(bf16, of, from, i);
                ParameterGradients sums = new ParameterGradients(weights[part], biases[part]);
                worker.backward(bf16, pixels, weight, bias, own, sums, addedGradient, i * channels);
                if (bf16) {
                    to.write(i, worker.packedGradient);
                } else {
                    to.write(i, worker.plainGradient);
                }
            }
            giveBack(worker);
        });
        return new ParameterGradients(total(weights), total(biases));
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

    /** The memory of a tensor, picture by picture; valid while the tensor lives. */
    private final class Pictures {
        private final int numbers;
        private final @Nullable IntPointer ints;
        private final @Nullable FloatPointer floats;

        Pictures(Tensor tensor, int numbers) {
            this.numbers = numbers;
            this.ints = bf16 ? new IntPointer(tensor.data_ptr()) : null;
            this.floats = bf16 ? null : new FloatPointer(tensor.data_ptr());
        }

        void read(int picture, int[] into) {
            at(picture, java.util.Objects.requireNonNull(ints)).get(into, 0, numbers / 2);
        }

        void write(int picture, int[] from) {
            at(picture, java.util.Objects.requireNonNull(ints)).put(from, 0, numbers / 2);
        }

        void read(int picture, float[] into) {
            at(picture, java.util.Objects.requireNonNull(floats)).get(into, 0, numbers);
        }

        void write(int picture, float[] from) {
            at(picture, java.util.Objects.requireNonNull(floats)).put(from, 0, numbers);
        }

        private IntPointer at(int picture, IntPointer base) {
            return new IntPointer(base).position((long) picture * numbers / 2);
        }

        private FloatPointer at(int picture, FloatPointer base) {
            return new FloatPointer(base).position((long) picture * numbers);
        }
    }
}
