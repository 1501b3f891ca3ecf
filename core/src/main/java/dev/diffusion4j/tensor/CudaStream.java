// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Check;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The noise of {@code torch.Generator("cuda")}, computed on the CPU: torch's {@code normal_} with cuRAND's {@code curand_normal4}. Each
 * thread has its own half of Philox' counter and makes four values a turn, one for each row of threads; a draw moves the generator by
 * the turns that it took. Formats but f32 are f32 rounded, as on the card. Not thread-safe.
 */
final class CudaStream implements SeededStream {
    /** Values that a thread makes a turn. */
    private static final int UNROLL = 4;

    /** Above this torch draws in parts. */
    private static final long MOST = 1L << 29;

    private static final float PER_WORD = 0x1p-32f;
    private static final float ANGLE_PER_WORD = PER_WORD * 6.2831855f;

    private final long seed;
    private final CudaGrid grid;
    private long turns;

    /** @param seed all 64 bits count, read without a sign */
    CudaStream(long seed, CudaGrid grid) {
        this.seed = seed;
        this.grid = grid;
    }

    @Override
    public Tensor randn(NoiseDtype dtype, long... shape) {
        long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        Check.that(
                count <= MOST,
                "{rng} 'cuda' draws at most " + MOST + " values at once, but was asked for " + Shapes.text(shape));
        return TensorScope.keepResult(() ->
                Tensors.of(normal((int) count), shape).to(dtype.scalarType()).to(ScalarType.Float));
    }

    private float[] normal(int count) {
        float[] values = new float[count];
        if (count == 0) {
            return values;
        }
        long threads = grid.threadsFor(count);
        int[] words = new int[4];
        long each = (count - 1) / (threads * UNROLL) + 1;
        for (long turn = 0; turn < each; turn++) {
            for (int thread = 0; thread < threads; thread++) {
                long first = turn * threads * UNROLL + thread;
                if (first >= count) {
                    break;
                }
                Philox.block(seed, turns + turn, thread, words);
                for (int k = 0; k < UNROLL && first + k * threads < count; k++) {
                    values[(int) (first + k * threads)] = boxMuller(words[k & ~1], words[k | 1], (k & 1) == 0);
                }
            }
        }
        turns += each;
        return values;
    }

    /**
     * Box and Muller (1958) in f32 as cuRAND rounds it. The functions are those of {@link StrictMath}, the same on every machine; a
     * card's own sine and cosine are off by up to 4e-7, so that its values are within 2.5e-6 of these.
     */
    private static float boxMuller(int radius, int angle, boolean sine) {
        float u = unsigned(radius) * PER_WORD + PER_WORD / 2;
        float v = Math.fma(unsigned(angle), ANGLE_PER_WORD, ANGLE_PER_WORD / 2);
        float s = (float) Math.sqrt(-2f * (float) StrictMath.log(u));
        return (float) (sine ? StrictMath.sin(v) : StrictMath.cos(v)) * s;
    }

    private static float unsigned(int word) {
        return word & 0xFFFFFFFFL;
    }

    @Override
    public void close() {}
}
