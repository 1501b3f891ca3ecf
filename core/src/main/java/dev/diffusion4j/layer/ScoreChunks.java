// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Attention's scores in bf16, brought to Java's memory and back some rows at a time, two numbers in an int. */
final class ScoreChunks {
    /** Scores at a time, about. */
    private static final int SIZE = 1 << 13;

    private static final int[] NOTHING = {};

    private ScoreChunks() {}

    /** Works on some rows of scores in place. */
    @FunctionalInterface
    interface Body {
        /**
         * @param scores rows one after the other
         * @param beside the same rows of another tensor, to be read; empty where there is none
         * @param row the first of them
         */
        void run(int[] scores, int[] beside, int row, int rows);
    }

    /**
     * @param scores {@code bfloat16 (…, width)}, contiguous; changed by {@code body}
     * @param beside of the same shape, or {@code null}
     */
    static void each(Tensor scores, @Nullable Tensor beside, Body body) {
        int width = Math.toIntExact(scores.size(-1) / 2);
        int all = Math.toIntExact(scores.numel() / scores.size(-1));
        int atOnce = Math.min(all, Math.max(1, SIZE / (2 * width)));
        int[] chunk = new int[atOnce * width];
        int[] second = beside == null ? NOTHING : new int[chunk.length];
        try (IntPointer memory = new IntPointer(scores.data_ptr());
                IntPointer other = beside == null ? new IntPointer() : new IntPointer(beside.data_ptr())) {
            for (int row = 0; row < all; row += atOnce) {
                int rows = Math.min(atOnce, all - row);
                long at = (long) row * width;
                memory.position(at).get(chunk, 0, rows * width);
                if (beside != null) {
                    other.position(at).get(second, 0, rows * width);
                }
                body.run(chunk, second, row, rows);
                memory.put(chunk, 0, rows * width);
            }
        }
    }
}
