// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.NormForward;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Group normalisation with what stands around it, without a graph, over a tensor in channels-last memory, f32 or bf16: each picture
 * in chunks that stay in the cache, over as many threads as LibTorch uses. The result does not depend on the number of threads.
 * Immutable and thread-safe.
 */
final class FusedNorm {
    /** Numbers below which a second thread costs more than it brings. */
    private static final long SERIAL = 1 << 17;

    private final NormForward.Norm norm;
    private final boolean silu;
    private final float[] weight;
    private final float[] bias;

    /** @param silu whether SiLU comes after */
    FusedNorm(NormForward.Norm norm, boolean silu, float[] weight, float[] bias) {
        this.norm = norm;
        this.silu = silu;
        this.weight = weight;
        this.bias = bias;
    }

    /**
     * @param input (B, C, H, W), channels last
     * @param added B·C numbers, or C for all pictures, or none
     * @param output receives the result; like {@code input}, or the same tensor
     */
    void forward(Tensor input, float[] added, Tensor output) {
        Run run = new Run(input, added, output);
        int tasks = run.pictures * run.chunks;
        if (run.chunks == 1) {
            run.over(run.pictures, run::whole);
            return;
        }
        run.over(tasks, run::sum);
        run.over(run.pictures, run::affine);
        run.over(tasks, run::apply);
    }

    /** One call. */
    private final class Run {
        final int channels = norm.channels();
        final int pictures;
        final int pixels;
        final int chunkPixels;
        final int chunks;
        final Tensor input;
        final Tensor output;
        final float[] added;
        final float[][] shifts;
        final float[][] scales;
        final float[][] offsets;
        final float[] sums;

        Run(Tensor input, float[] added, Tensor output) {
            this.input = input;
            this.output = output;
            this.added = added;
            pictures = (int) input.size(0);
            pixels = Math.toIntExact(input.size(2) * input.size(3));
            chunkPixels = Math.min(pixels, NormForward.chunkPixels(channels));
            chunks = (pixels + chunkPixels - 1) / chunkPixels;
            shifts = new float[pictures][channels];
            scales = new float[pictures][channels];
            offsets = new float[pictures][channels];
            sums = new float[pictures * chunks * 2 * channels];
        }

        /** Spreads the tasks over threads where there is enough to do. */
        void over(int tasks, Task task) {
            if ((long) pictures * pixels * channels < SERIAL) {
                range(0, tasks, task);
            } else {
                Parallel.run(tasks, (first, last, part) -> range(first, last, task));
            }
        }

        private void range(int first, int last, Task task) {
            Chunk chunk = new Chunk(this);
            for (int i = first; i < last; i++) {
                task.run(chunk, i);
            }
        }

        int pixelsOf(int task) {
            return Math.min(chunkPixels, pixels - task % chunks * chunkPixels);
        }

        long startOf(int task) {
            return ((long) (task / chunks) * pixels + (long) (task % chunks) * chunkPixels) * channels;
        }

        void whole(Chunk chunk, int picture) {
            chunk.read(startOf(picture), pixels);
            chunk.firstPixel(shifts[picture]);
            chunk.sums(pixels, shifts[picture], picture * 2 * channels);
            affine(chunk, picture);
            chunk.apply(pixels, picture);
            chunk.write(startOf(picture), pixels);
        }

        void sum(Chunk chunk, int task) {
            int picture = task / chunks;
            float[] shift = new float[channels];
            chunk.read(startOf(picture * chunks), 1);
            chunk.firstPixel(shift);
            if (task % chunks == 0) {
                shifts[picture] = shift;
            }
            chunk.read(startOf(task), pixelsOf(task));
            chunk.sums(pixelsOf(task), shift, task * 2 * channels);
        }

        void affine(Chunk chunk, int picture) {
            NormForward.affine(
                    sums,
                    picture * chunks * 2 * channels,
                    chunks,
                    pixels,
                    norm,
                    shifts[picture],
                    added,
                    added.length == channels ? 0 : picture * channels,
                    weight,
                    bias,
                    scales[picture],
                    offsets[picture]);
        }

        void apply(Chunk chunk, int task) {
            chunk.read(startOf(task), pixelsOf(task));
            chunk.apply(pixelsOf(task), task / chunks);
            chunk.write(startOf(task), pixelsOf(task));
        }
    }

    /** Works on one chunk, or on one picture. */
    @FunctionalInterface
    private interface Task {
        void run(Chunk chunk, int index);
    }

    /** A chunk of numbers in Java's memory, for one thread. */
    private final class Chunk {
        private final Run run;
        private final int[] packed;
        private final float[] plain;
        private final IntPointer fromInts;
        private final IntPointer toInts;
        private final FloatPointer fromFloats;
        private final FloatPointer toFloats;

        Chunk(Run run) {
            this.run = run;
            int numbers = run.chunkPixels * norm.channels();
            packed = norm.bf16() ? Scratch.ints(numbers / 2) : Scratch.NO_INTS;
            plain = norm.bf16() ? Scratch.NO_FLOATS : Scratch.floats(numbers);
            fromInts = new IntPointer(run.input.data_ptr());
            toInts = new IntPointer(run.output.data_ptr());
            fromFloats = new FloatPointer(run.input.data_ptr());
            toFloats = new FloatPointer(run.output.data_ptr());
        }

        void read(long start, int pixels) {
            int numbers = pixels * norm.channels();
            if (norm.bf16()) {
                fromInts.position(start / 2).get(packed, 0, numbers / 2);
            } else {
                fromFloats.position(start).get(plain, 0, numbers);
            }
        }

        void write(long start, int pixels) {
            int numbers = pixels * norm.channels();
            if (norm.bf16()) {
                toInts.position(start / 2).put(packed, 0, numbers / 2);
            } else {
                toFloats.position(start).put(plain, 0, numbers);
            }
        }

        /** Near the mean, so that little cancels. */
        void firstPixel(float[] shift) {
            int width = norm.channels() / 2;
            if (!norm.bf16()) {
                System.arraycopy(plain, 0, shift, 0, norm.channels());
                return;
            }
            for (int i = 0; i < width; i++) {
                shift[i] = Float.intBitsToFloat(packed[i] << 16);
                shift[width + i] = Float.intBitsToFloat(packed[i] & 0xFFFF0000);
            }
        }

        void sums(int pixels, float[] shift, int at) {
            if (norm.bf16()) {
                NormForward.sums(packed, pixels, norm.channels(), shift, run.sums, at);
            } else {
                NormForward.sums(plain, pixels, norm.channels(), shift, run.sums, at);
            }
        }

        void apply(int pixels, int picture) {
            if (norm.bf16()) {
                NormForward.apply(packed, pixels, norm.channels(), run.scales[picture], run.offsets[picture], silu);
            } else {
                NormForward.apply(plain, pixels, norm.channels(), run.scales[picture], run.offsets[picture], silu);
            }
        }
    }

    /** Arrays that a thread keeps. */
    private static final class Scratch {
        static final int[] NO_INTS = {};
        static final float[] NO_FLOATS = {};
        private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

        private int[] ints = NO_INTS;
        private float[] floats = NO_FLOATS;

        static int[] ints(int count) {
            Scratch own = OF_THREAD.get();
            if (own.ints.length < count) {
                own.ints = new int[count];
            }
            return own.ints;
        }

        static float[] floats(int count) {
            Scratch own = OF_THREAD.get();
            if (own.floats.length < count) {
                own.floats = new float[count];
            }
            return own.floats;
        }
    }
}
