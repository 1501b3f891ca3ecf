// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Whether the current thread makes the activations within each part of a block again in the backward pass, instead of keeping them:
 * Chen et al. (2016). It is a property of the call, not of the network. The gradients are the same; a step takes about a third longer.
 */
public final class Recomputation {
    private static final ThreadLocal<Boolean> ACTIVE = ThreadLocal.withInitial(() -> false);

    private Recomputation() {}

    /** Whether this thread does. */
    static boolean isActive() {
        return ACTIVE.get();
    }

    /** Runs {@code body} with it, or without. */
    public static <R> R run(boolean active, Supplier<R> body) {
        boolean outer = ACTIVE.get();
        ACTIVE.set(active);
        try {
            return body.get();
        } finally {
            ACTIVE.set(outer);
        }
    }

    /**
     * What a part makes of a sample.
     *
     * @param samples that are made one by {@code join}; borrowed
     * @return a new tensor, owned by the current scope
     */
    public static Tensor of(
            BlockPart part, List<Tensor> samples, Function<List<Tensor>, Tensor> join, BlockInput input) {
        List<Tensor> inputs = new ArrayList<>(samples);
        Tensor time = input.activatedTime();
        Tensor context = input.attention().context();
        if (time != null) {
            inputs.add(time);
        }
        if (context != null) {
            inputs.add(context);
        }
        Optional<BackwardTape> tape = BackwardTape.current();
        boolean learns = inputs.stream().anyMatch(Tensor::requires_grad);
        if (!ACTIVE.get() || tape.isEmpty() || !GradMode.is_enabled() || !learns) {
            return part.forward(join.apply(samples), input);
        }
        int count = samples.size();
        return tape.get().recompute(inputs, again(given -> {
            @Nullable Tensor givenTime = time == null ? null : given.get(count);
            Tensor last = given.get(given.size() - 1);
            AttentionInput attention = context == null
                    ? input.attention()
                    : new AttentionInput(
                            last, input.attention().mask(), input.attention().places());
            return part.forward(join.apply(given.subList(0, count)), new BlockInput(givenTime, attention));
        }));
    }

    /** The same each time that it is run on this thread: in the same dtype, with the same dropout and strengths. */
    private static Function<List<Tensor>, Tensor> again(Function<List<Tensor>, Tensor> part) {
        Placement.Autocast autocast = Placement.Autocast.current();
        Tensor strengths = ProductStrengths.current();
        Function<List<Tensor>, Tensor> body = given -> ProductStrengths.run(strengths, () -> part.apply(given));
        Optional<RandomStream> random = TrainingMode.random();
        byte @Nullable [] before = random.map(RandomStream::state).orElse(null);
        boolean[] hasRun = {false};
        return given -> {
            if (!hasRun[0] || random.isEmpty() || before == null) {
                hasRun[0] = true;
                return autocast.run(() -> body.apply(given));
            }
            byte[] now = random.get().state();
            random.get().restore(before);
            try {
                return autocast.run(() -> body.apply(given));
            } finally {
                random.get().restore(now);
            }
        };
    }
}
