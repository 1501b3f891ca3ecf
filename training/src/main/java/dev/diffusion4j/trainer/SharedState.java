// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A {@link TrainState} that the processes of a training have in common. */
final class SharedState {
    private static final String BETWEEN = ",";

    private SharedState() {}

    /**
     * Gives all processes what the first one has, so that only that one needs the checkpoint.
     *
     * @param checkpoint that the first one has it from, which knows the other processes' streams too; {@code null} at the start of a run
     */
    static void share(TrainState state, Choices choices, ProcessGroup group, @Nullable Path checkpoint) {
        if (!group.isShared()) {
            return;
        }
        broadcast(state.trained().saved(), group);
        broadcast(state.optimizer().state(), group);
        Ema ema = state.ema();
        if (ema != null) {
            broadcast(ema.state(), group);
        }
        Map<String, @Nullable Object> own = checkpoint == null
                ? StateText.of(state, choices, StateText.dropout(state), DataRecord.NONE)
                : Checkpoints.text(checkpoint).json();
        own.put(StateText.BATCHES, state.batchesDone());
        String text = group.ofFirst(Json.compact(own));
        StateText first = new StateText(Json.parseObject(text, "the first process"), "the first process");
        if (!group.world().isFirst()) {
            first.restore(state, first.batches(1));
        }
    }

    private static void broadcast(Map<String, Tensor> tensors, ProcessGroup group) {
        new TreeMap<>(tensors)
                .values()
                .forEach(tensor -> TensorScope.run(() -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                        Tensor plain = tensor.detach().cpu().contiguous();
                        group.broadcast(plain);
                        tensor.copy_(plain);
                    }
                }));
    }

    /** The states of all processes' dropout, one process after the other. */
    static List<String> dropout(TrainState state, ProcessGroup group) {
        List<String> own = StateText.dropout(state);
        List<String> all = new ArrayList<>();
        group.gather(String.join(BETWEEN, own)).forEach(text -> all.addAll(Arrays.asList(text.split(BETWEEN))));
        return all;
    }
}
