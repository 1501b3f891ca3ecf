// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.GateKernel;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Optional;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Values times the GELU of their gates, by the vector loops: in one pass, and nothing but values and gates is kept for the gradient. */
public final class FusedGate {
    /** Numbers that a thread works on at a time: with what they become, they stay in its cache. */
    private static final int CHUNK = 1 << 14;

    private FusedGate() {}

    /**
     * The product where it has to have a gradient and the loops can make it.
     *
     * @param both {@code bfloat16 (…, 2·n)} on the graph: n values, then their n gates
     * @return (…, n) on the graph, owned by the current scope; nothing where it must be computed otherwise
     */
    public static Optional<Tensor> forward(Tensor both) {
        Optional<BackwardTape> tape = BackwardTape.current();
        return tape.isPresent() && fits(both) ? Optional.of(onTape(tape.get(), both)) : Optional.empty();
    }

    private static boolean fits(Tensor both) {
        return GradMode.is_enabled()
                && both.requires_grad()
                && both.device().is_cpu()
                && both.is_contiguous()
                && Tensors.type(both) == ScalarType.BFloat16
                && GateKernel.fits(both.size(-1) / 2);
    }

    private static Tensor onTape(BackwardTape tape, Tensor both) {
        return TensorScope.keepResult(() -> {
            long[] shape = Tensors.shape(both);
            shape[shape.length - 1] /= 2;
            Tensor result = Tensors.empty(Tensors.type(both), shape);
            Tensor kept = tape.keep(both);
            new Rows(kept).forward(result);
            return tape.recordNarrower(both, result, gradient -> {
                Tensor own = TensorScope.keepResult(() -> {
                    Tensor target = Tensors.empty(Tensors.type(kept), Tensors.shape(kept));
                    new Rows(kept).backward(gradient.contiguous(), target);
                    return target;
                });
                tape.release(kept);
                return own;
            });
        });
    }

    /** Memory of one thread. */
    private static final class Scratch {
        static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

        final GateKernel kernel = new GateKernel();
        int[] both = {};
        int[] one = {};

        static Scratch of(int ints) {
            Scratch own = OF_THREAD.get();
            if (own.one.length < ints) {
                own.both = new int[2 * ints];
                own.one = new int[ints];
            }
            return own;
        }
    }

    /** All rows of a tensor, in chunks over LibTorch's threads; two numbers in an int. */
    private static final class Rows {
        final Tensor both;
        /** Ints that a row's values take. */
        final int width;

        final int rows;
        final int atOnce;

        Rows(Tensor both) {
            this.both = both;
            width = Math.toIntExact(both.size(-1) / 4);
            rows = Math.toIntExact(both.numel() / both.size(-1));
            atOnce = Math.max(1, CHUNK / (4 * width));
        }

        void forward(Tensor result) {
            each((scratch, start, count) -> {
                read(both, 2 * start, scratch.both, 2 * count * width);
                scratch.kernel.forward(scratch.both, count, width, scratch.one);
                write(scratch.one, count * width, result, start);
            });
        }

        void backward(Tensor gradient, Tensor target) {
            each((scratch, start, count) -> {
                read(both, 2 * start, scratch.both, 2 * count * width);
                read(gradient, start, scratch.one, count * width);
                scratch.kernel.backward(scratch.both, count, width, scratch.one);
                write(scratch.both, 2 * count * width, target, 2 * start);
            });
        }

        private void each(Chunk chunk) {
            Parallel.run((rows + atOnce - 1) / atOnce, (first, last, part) -> {
                Scratch scratch = Scratch.of(atOnce * width);
                for (int i = first; i < last; i++) {
                    long start = (long) i * atOnce * width;
                    int count = Math.min(atOnce, rows - i * atOnce);
                    chunk.run(scratch, start, count);
                }
            });
        }

        private static void read(Tensor tensor, long start, int[] into, int count) {
            new IntPointer(tensor.data_ptr()).position(start).get(into, 0, count);
        }

        private static void write(int[] from, int count, Tensor tensor, long start) {
            new IntPointer(tensor.data_ptr()).position(start).put(from, 0, count);
        }
    }

    /** Works on {@code count} rows, whose results begin at the int {@code start}. */
    @FunctionalInterface
    private interface Chunk {
        void run(Scratch scratch, long start, int count);
    }
}
