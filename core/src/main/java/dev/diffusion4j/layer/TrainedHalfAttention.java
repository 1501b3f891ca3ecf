// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.bmm_out;
import static org.bytedeco.pytorch.global.torch.ones;

import dev.diffusion4j.kernel.ScoreLoops;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Tokens that ask each other, with a gradient, in bf16 by oneDNN's products, for processors that multiply it fast. As in
 * {@link HalfAttention}, the scores of some heads stay in a thread's cache from one product to the next, and the largest of some is taken
 * from each row before they are rounded. They are not kept, but made again for the gradient: Dao et al. (2022), with s = q·kᵀ/√D, p = softmax(s)
 * and δ = do·o: dv = pᵀ·do, ds = p·(do·vᵀ − δ)/√D, dq = ds·k, dk = dsᵀ·q.
 */
final class TrainedHalfAttention {
    /** Scores of a thread at a time. */
    private static final long SCORES = 1 << 18;
    /** Tokens up to which a head's scores, of which a thread holds two numbers for each, are small beside a training's memory. */
    private static final long MOST_TOKENS = 2048;

    private final int heads;
    private final long length;
    private final long size;
    private final float scale;

    /** @param qkv (B, L, 3·heads·D) */
    private TrainedHalfAttention(Tensor qkv, int heads) {
        this.heads = heads;
        length = qkv.size(1);
        size = qkv.size(2) / 3 / heads;
        scale = (float) (1 / Math.sqrt((double) size));
    }

    /** Whether this kind of attention can be done so. */
    static boolean fits(AttentionSpec spec) {
        return spec.valueSize() == spec.headSize()
                && spec.contextFeatures() == spec.features()
                && spec.keyHeads() == spec.heads()
                && !spec.causal()
                && spec.headNormEps() == null;
    }

    /** Whether this call is one: rows of scores fill the loops' vectors, and a head's are not too many. */
    static boolean fits(Tensor tokens) {
        return GradMode.is_enabled()
                && tokens.device().is_cpu()
                && Tensors.type(tokens) == ScalarType.BFloat16
                && tokens.size(1) <= MOST_TOKENS
                && ScoreLoops.fits(tokens.size(1))
                && SpeedProbe.multipliesFast(ScalarType.BFloat16);
    }

    /**
     * @param qkv {@code bfloat16 (B, L, 3·heads·D)}, on the graph: all of q, all of k, all of v
     * @return (B, L, heads·D), a new tensor on the graph
     */
    static Tensor forward(BackwardTape tape, Tensor qkv, int heads) {
        return TensorScope.keepResult(() -> {
            TrainedHalfAttention own = new TrainedHalfAttention(qkv, heads);
            State state = TensorScope.compute(() -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    return own.state(tape, qkv.detach());
                }
            });
            return tape.recordNarrower(qkv, state.result, gradient -> {
                Tensor result = own.gradient(state, gradient);
                state.release(tape);
                return result;
            });
        });
    }

    /**
     * What the backward pass needs; kept by the tape.
     *
     * @param asking q, and what is added to the row's scores, (B·heads, L, D + 1)
     * @param keys k and 1
     * @param answers v and twice 1, (B·heads, L, D + 2)
     * @param shares 1 divided by the row's sum of exponentials
     * @param result (B, L, heads·D)
     */
    private record State(Tensor asking, Tensor keys, Tensor answers, float[] shares, Tensor result) {
        void release(BackwardTape tape) {
            tape.release(asking);
            tape.release(keys);
            tape.release(answers);
            tape.release(result);
        }
    }

    private State state(BackwardTape tape, Tensor qkv) {
        long batch = qkv.size(0);
        Tensor parts = qkv.view(batch, length, 3, heads, size).permute(2, 0, 3, 1, 4); // (3, B, heads, L, D)
        Tensor one = ones(1).to(Tensors.type(qkv));
        Tensor keys = HalfAttention.wider(parts.select(0, 1), size + 1, one);
        Tensor asking = HalfAttention.wider(parts.select(0, 0), size + 1, one);
        asking.narrow(3, size, 1)
                .copy_(HalfAttention.largest(asking.narrow(3, 0, size), keys.narrow(3, 0, size))
                        .neg());
        Tensor answers = HalfAttention.wider(parts.select(0, 2), size + 2, one);
        float[] shares = new float[Math.toIntExact(batch * heads * length)];
        State state = new State(
                tape.keep(asking.flatten(0, 1)),
                tape.keep(keys.flatten(0, 1)),
                tape.keep(answers.flatten(0, 1)),
                shares,
                tape.keep(Tensors.empty(Tensors.type(qkv), batch, length, heads * size)));
        Tensor made = Tensors.empty(Tensors.type(qkv), batch * heads, length, size);
        eachBlock(
                Math.toIntExact(batch * heads),
                1,
                (rooms, first, count) -> values(state, rooms[0], made, first, count));
        byHeads(state.result).copy_(made.view(batch, heads, length, size));
        return state;
    }

    /** (B, L, heads·D) as (B, heads, L, D), a view. */
    private Tensor byHeads(Tensor tokens) {
        return tokens.view(tokens.size(0), length, heads, size).transpose(1, 2);
    }

    /** Some heads' part of the work, with memory for their scores. */
    @FunctionalInterface
    private interface Block {
        void run(Tensor[] rooms, long first, long count);
    }

    private void eachBlock(int all, int rooms, Block block) {
        int atOnce = (int) Math.min(all, Math.max(1, SCORES / (length * length)));
        Parallel.runAlone(
                (all + atOnce - 1) / atOnce,
                (first, last, part) -> TensorScope.run(() -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                        Tensor[] own = new Tensor[rooms];
                        for (int i = 0; i < rooms; i++) {
                            own[i] = Tensors.empty(ScalarType.BFloat16, atOnce, length, length);
                        }
                        for (int i = first; i < last; i++) {
                            int from = i * atOnce;
                            int count = Math.min(atOnce, all - from);
                            TensorScope.run(() -> block.run(own, from, count));
                        }
                    }
                }));
    }

    private void values(State state, Tensor room, Tensor target, long first, long count) {
        Tensor scores = scores(state, room, first, count);
        int at = Math.toIntExact(first * length);
        ScoreChunks.each(
                scores,
                null,
                (chunk, beside, row, rows) ->
                        ScoreLoops.exponentials(chunk, rows, (int) length, scale, state.shares, at + row));
        for (int i = at; i < at + count * length; i++) {
            state.shares[i] = 1 / state.shares[i];
        }
        Tensor own = target.narrow(0, first, count);
        bmm_out(own, scores, state.answers.narrow(0, first, count).narrow(2, 0, size));
        float[] shares = new float[Math.toIntExact(count * length)];
        System.arraycopy(state.shares, at, shares, 0, shares.length);
        own.mul_(Tensors.of(shares, count, length, 1));
    }

    private Tensor scores(State state, Tensor room, long first, long count) {
        Tensor scores = room.narrow(0, 0, count);
        bmm_out(
                scores,
                state.asking.narrow(0, first, count),
                state.keys.narrow(0, first, count).transpose(1, 2));
        return scores;
    }

    /** The gradient of q, k and v, (B, L, 3·heads·D), from that of the result. */
    private Tensor gradient(State state, Tensor of) {
        return TensorScope.keepResult(() -> {
            long batch = of.size(0);
            Tensor wide = of.contiguous();
            Tensor common = byHeads(wide.mul(state.result))
                    .sum(new long[] {3}, true, new ScalarTypeOptional(ScalarType.Float))
                    .neg(); // −δ, (B, heads, L, 1)
            Tensor near = common.to(ScalarType.BFloat16);
            Tensor sloping = HalfAttention.wider(byHeads(wide), size + 2, near); // two parts hold it exactly enough
            sloping.narrow(3, size + 1, 1).copy_(common.sub(near));
            Tensor slopes = sloping.flatten(0, 1);
            Tensor made = Tensors.empty(ScalarType.BFloat16, 3, batch * heads, length, size);
            eachBlock(
                    Math.toIntExact(batch * heads),
                    2,
                    (rooms, first, count) -> gradients(state, slopes, rooms, made, first, count));
            Tensor result = Tensors.empty(ScalarType.BFloat16, batch, length, 3L * heads * size);
            result.view(batch, length, 3, heads, size)
                    .permute(2, 0, 3, 1, 4)
                    .copy_(made.view(3, batch, heads, length, size));
            return result;
        });
    }

    private void gradients(State state, Tensor slopes, Tensor[] rooms, Tensor made, long first, long count) {
        int width = (int) length;
        Tensor weights = scores(state, rooms[0], first, count);
        int at = Math.toIntExact(first * length);
        ScoreChunks.each(
                weights,
                null,
                (chunk, beside, row, rows) -> ScoreLoops.weights(chunk, rows, width, scale, state.shares, at + row));
        Tensor own = slopes.narrow(0, first, count);
        bmm_out(part(made, 2, first, count), weights.transpose(1, 2), own.narrow(2, 0, size));
        Tensor ofWeights = rooms[1].narrow(0, 0, count);
        bmm_out(ofWeights, own, state.answers.narrow(0, first, count).transpose(1, 2));
        ScoreChunks.each(
                weights,
                ofWeights,
                (chunk, slope, row, rows) -> ScoreLoops.gradients(chunk, slope, rows * width / 2, scale));
        bmm_out(
                part(made, 0, first, count),
                weights,
                state.keys.narrow(0, first, count).narrow(2, 0, size));
        bmm_out(
                part(made, 1, first, count),
                weights.transpose(1, 2),
                state.asking.narrow(0, first, count).narrow(2, 0, size));
    }

    private static Tensor part(Tensor made, long which, long first, long count) {
        return made.select(0, which).narrow(0, first, count);
    }
}
