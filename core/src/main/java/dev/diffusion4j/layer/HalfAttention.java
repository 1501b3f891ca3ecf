// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.bmm_out;
import static org.bytedeco.pytorch.global.torch.div_out;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.softmax;

import dev.diffusion4j.kernel.ScoreLoops;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Attention in bf16 by oneDNN's products, for processors that multiply it fast: LibTorch's own fused attention needs MKL for that. Each
 * thread takes some heads, or some rows of one, at a time, so that their scores stay in its cache from the first product to the second.
 *
 * <p>Scores are rounded to bf16, which costs large ones most, and these decide. So the largest score among some of the keys is taken
 * from each row beforehand, by one more channel in which every key is 1; softmax does not depend on such a shift. Scores that are larger by
 * 100 and more count as if they were by 100.
 */
final class HalfAttention {
    /** Scores of a thread at a time: 2 MiB. */
    private static final long SCORES = 1 << 20;
    /** Keys among which a row's largest score is looked for. */
    private static final long SOME = 64;
    /** The second product takes results as wide as its vectors in less time than narrower ones. */
    private static final long VECTOR = 16;

    private final Tensor asking;
    private final Tensor keys;
    private final Tensor answers;
    private final Tensor result;
    private final double scale;
    private final long heads;
    private final long rows;
    private final long keyCount;
    private final long headsAtOnce;
    private final long rowsAtOnce;

    private HalfAttention(Tensor query, Tensor key, Tensor value) {
        Tensor one = ones(1).to(Tensors.type(key));
        asking = wider(query, query.size(3) + 1, largest(query, key).neg());
        keys = wider(key, key.size(3) + 1, one).transpose(2, 3);
        answers = wider(value, (value.size(3) + VECTOR - 1) / VECTOR * VECTOR, one);
        result = Tensors.empty(Tensors.type(query), query.size(0), query.size(2), query.size(1), value.size(3))
                .transpose(1, 2);
        scale = 1 / Math.sqrt((double) query.size(3));
        heads = query.size(1);
        rows = query.size(2);
        keyCount = key.size(2);
        headsAtOnce = Math.min(heads, Math.max(1, SCORES / (rows * keyCount)));
        rowsAtOnce = Math.min(rows, Math.max(1, SCORES / keyCount));
    }

    /** The largest score of each row with some of the keys: (B, heads, L, 1). */
    static Tensor largest(Tensor query, Tensor key) {
        return TensorScope.keepResult(() -> {
            long count = key.size(2);
            Tensor some = key.slice(2, new LongOptional(0), new LongOptional(count), Math.max(1, count / SOME));
            return some.matmul(query.transpose(2, 3)).amax(new long[] {2}, true).transpose(2, 3);
        });
    }

    /** With channels up to {@code size}, all of them {@code rest}. */
    static Tensor wider(Tensor tokens, long size, Tensor rest) {
        return TensorScope.keepResult(() -> {
            long own = tokens.size(3);
            Tensor both = Tensors.empty(Tensors.type(tokens), tokens.size(0), tokens.size(1), tokens.size(2), size);
            both.narrow(3, 0, own).copy_(tokens);
            both.narrow(3, own, size - own).copy_(rest);
            return both;
        });
    }

    /**
     * Without a graph.
     *
     * @param query {@code bfloat16 (B, heads, L, D)}
     * @param key (B, heads, L', D)
     * @param value (B, heads, L', D')
     * @return (B, heads, L, D'), a new tensor in the order of (B, L, heads, D')
     */
    static Tensor attend(Tensor query, Tensor key, Tensor value) {
        return TensorScope.keepResult(() -> {
            HalfAttention own = new HalfAttention(query, key, value);
            own.all();
            return own.result;
        });
    }

    private void all() {
        long ofHeads = (heads + headsAtOnce - 1) / headsAtOnce;
        long ofRows = (rows + rowsAtOnce - 1) / rowsAtOnce;
        int blocks = Math.toIntExact(result.size(0) * ofHeads * ofRows);
        Parallel.runAlone(
                blocks,
                (first, last, part) -> TensorScope.run(() -> {
                    Tensor room = Tensors.empty(Tensors.type(result), headsAtOnce * rowsAtOnce * keyCount);
                    for (long i = first; i < last; i++) {
                        block(
                                room,
                                i / (ofHeads * ofRows),
                                i / ofRows % ofHeads * headsAtOnce,
                                i % ofRows * rowsAtOnce);
                    }
                }));
    }

    private void block(Tensor room, long sample, long head, long row) {
        long ownHeads = Math.min(headsAtOnce, heads - head);
        long ownRows = Math.min(rowsAtOnce, rows - row);
        TensorScope.run(() -> {
            Tensor scores = room.narrow(0, 0, ownHeads * ownRows * keyCount).view(ownHeads, ownRows, keyCount);
            Tensor own = part(asking, sample, head, ownHeads).narrow(1, row, ownRows);
            Tensor values = part(answers, sample, head, ownHeads);
            Tensor target = part(result, sample, head, ownHeads).narrow(1, row, ownRows);
            bmm_out(scores, own, part(keys, sample, head, ownHeads));
            if (VectorSupport.isAvailable() && ScoreLoops.fits(keyCount)) {
                Tensor sums = exponentials(scores);
                div_out(target, scores.bmm(values).narrow(2, 0, target.size(2)), sums);
            } else {
                Tensor weights = softmax(scores.mul(new Scalar(scale)), -1);
                target.copy_(weights.bmm(values).narrow(2, 0, target.size(2)));
            }
        });
    }

    private static Tensor part(Tensor all, long sample, long head, long heads) {
        return all.select(0, sample).narrow(0, head, heads);
    }

    /** Puts exponentials in the place of scores (heads, rows, L'); their sums, (heads, rows, 1). */
    private Tensor exponentials(Tensor scores) {
        int width = (int) keyCount;
        float[] sums = new float[Math.toIntExact(scores.numel() / width)];
        ScoreChunks.each(
                scores,
                null,
                (chunk, beside, row, rows) -> ScoreLoops.exponentials(chunk, rows, width, (float) scale, sums, row));
        return Tensors.of(sums, scores.size(0), scores.size(1), 1);
    }
}
