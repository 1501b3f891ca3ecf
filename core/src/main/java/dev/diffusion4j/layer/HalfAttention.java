// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.baddbmm;
import static org.bytedeco.pytorch.global.torch.bmm_out;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.softmax;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Attention in bf16 by oneDNN's products, for processors that multiply it fast: LibTorch's own fused attention needs MKL for that. Some
 * heads, or some rows of one, at a time, so that their scores stay in the cache.
 *
 * <p>Scores are rounded to bf16, which costs large ones most, and these decide. So the largest score among some of the keys is taken
 * from each row beforehand, by one more channel in which every key is 1; softmax does not depend on such a shift.
 */
final class HalfAttention {
    /** Scores at a time: 8 MiB. */
    private static final long SCORES = 1 << 22;
    /** Keys among which a row's largest score is looked for. */
    private static final long SOME = 64;

    private final Tensor asking;
    private final Tensor keys;
    private final Tensor answers;
    private final Tensor result;
    private final Scalar scale;

    private HalfAttention(Tensor query, Tensor key, Tensor value) {
        Tensor ones = ones(1).to(Tensors.type(key)).expand(key.size(0), key.size(1), key.size(2), 1);
        asking = longer(query, largest(query, key).neg());
        keys = longer(key, ones).transpose(1, 2);
        answers = value.flatten(0, 1);
        result = Tensors.empty(Tensors.type(query), asking.size(0), asking.size(1), answers.size(2));
        scale = new Scalar(1 / Math.sqrt((double) query.size(3)));
    }

    /** The largest score of each row with some of the keys: (B, heads, L, 1). */
    private static Tensor largest(Tensor query, Tensor key) {
        return TensorScope.keepResult(() -> {
            long count = key.size(2);
            Tensor some = key.slice(2, new LongOptional(0), new LongOptional(count), Math.max(1, count / SOME));
            return some.matmul(query.transpose(2, 3)).amax(new long[] {2}, true).transpose(2, 3);
        });
    }

    /** (B, heads, L, D) and (B, heads, L, 1) side by side: (B·heads, L, D + 1). */
    private static Tensor longer(Tensor tokens, Tensor channel) {
        return TensorScope.keepResult(() -> {
            long size = tokens.size(3);
            Tensor both = Tensors.empty(Tensors.type(tokens), tokens.size(0), tokens.size(1), tokens.size(2), size + 1);
            both.narrow(3, 0, size).copy_(tokens);
            both.narrow(3, size, 1).copy_(channel);
            return both.flatten(0, 1);
        });
    }

    /**
     * Without a graph.
     *
     * @param query {@code bfloat16 (B, heads, L, D)}
     * @param key (B, heads, L', D)
     * @param value (B, heads, L', D')
     * @return (B, heads, L, D'), a new tensor
     */
    static Tensor attend(Tensor query, Tensor key, Tensor value) {
        return TensorScope.keepResult(() -> {
            HalfAttention own = new HalfAttention(query, key, value);
            own.all(query.size(2), key.size(2));
            return own.result.view(query.size(0), query.size(1), query.size(2), value.size(3));
        });
    }

    private void all(long rows, long keyCount) {
        long heads = asking.size(0);
        long headsAtOnce = Math.max(1, SCORES / (rows * keyCount));
        long rowsAtOnce = Math.min(rows, Math.max(1, SCORES / keyCount));
        for (long head = 0; head < heads; head += headsAtOnce) {
            for (long row = 0; row < rows; row += rowsAtOnce) {
                part(head, Math.min(headsAtOnce, heads - head), row, Math.min(rowsAtOnce, rows - row));
            }
        }
    }

    private void part(long head, long heads, long row, long rows) {
        TensorScope.run(() -> {
            Tensor own = asking.narrow(0, head, heads).narrow(1, row, rows);
            Tensor nothing = own.narrow(1, 0, 1).narrow(2, 0, 1); // is taken 0 times
            Tensor scores = baddbmm(nothing, own, keys.narrow(0, head, heads), new Scalar(0.0), scale);
            Tensor target = result.narrow(0, head, heads).narrow(1, row, rows);
            bmm_out(target, softmax(scores, -1), answers.narrow(0, head, heads));
        });
    }
}
