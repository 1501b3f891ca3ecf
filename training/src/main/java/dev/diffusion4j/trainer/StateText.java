// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.World;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All of a {@link TrainState} but its tensors, as it stands in a checkpoint and goes from the first process to the others.
 *
 * @param where it was read, for messages
 */
record StateText(Map<String, @Nullable Object> json, String where) {
    /** Its key of how many batches were taken. */
    static final String BATCHES = "batches_done";

    private static final String DROPOUT = "dropout";
    private static final String PROCESSES = "processes";

    /** @param dropout the states of all processes' streams, one process after the other */
    static Map<String, @Nullable Object> of(TrainState state, Choices choices, List<String> dropout, DataRecord data) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("global_step", state.globalStep());
        json.put(BATCHES, state.batchesDone());
        json.put("epoch_loss_sum", state.epochLosses().loss());
        if (!state.epochLosses().tracked().isEmpty()) {
            json.put(
                    "epoch_tracked_sums",
                    new LinkedHashMap<>(state.epochLosses().tracked()));
        }
        json.put("epoch_loss_count", state.epochLossCount());
        json.put("choices", Records.toMap(choices));
        json.put("data", data.fingerprint());
        json.put("data_contents", data.contents());
        json.put("random", encode(state.random()));
        json.put(DROPOUT, dropout);
        Ema ema = state.ema();
        json.put("ema_steps", ema == null ? 0L : ema.steps());
        int processes = dropout.size() / state.dropout().size();
        if (processes > 1) {
            json.put(PROCESSES, (long) processes);
        }
        return json;
    }

    /** Of the streams of this process. */
    static List<String> dropout(TrainState state) {
        return state.dropout().stream().map(StateText::encode).toList();
    }

    private static String encode(RandomStream random) {
        return Base64.getEncoder().encodeToString(random.state());
    }

    /** Updates done. */
    long step() {
        return number("global_step").longValue();
    }

    /** Batches taken; of a version that did not note them, so many an update. */
    long batches(int accumulation) {
        return json.containsKey(BATCHES) ? number(BATCHES).longValue() : step() * accumulation;
    }

    /** How many processes shared each batch. */
    int processes() {
        return json.get(PROCESSES) instanceof Number number ? number.intValue() : 1;
    }

    /**
     * Puts it into a state.
     *
     * @param batches in place of those that it tells of
     * @throws Problem (a failure) where something is missing or broken
     */
    void restore(TrainState state, long batches) {
        Ema ema = state.ema();
        if (ema != null) {
            ema.restoreSteps(number("ema_steps").longValue());
        }
        state.random().restore(decode(json.get("random")));
        restoreDropout(state);
        state.restore(
                step(),
                batches,
                new StepLosses(number("epoch_loss_sum").doubleValue(), tracked()),
                number("epoch_loss_count").longValue());
    }

    /** Streams of another number of processes are no use; those of a new run go on in their place. */
    private void restoreDropout(TrainState state) {
        World world = state.world();
        if (!(json.get(DROPOUT) instanceof List<?> all)) {
            throw broken(DROPOUT);
        }
        List<RandomStream> own = state.dropout();
        if (all.size() == own.size() * world.size()) {
            List<?> streams = new ArrayList<>(all).subList(world.rank() * own.size(), (world.rank() + 1) * own.size());
            for (int i = 0; i < own.size(); i++) {
                own.get(i).restore(decode(streams.get(i)));
            }
        } else if (processes() == world.size()) {
            throw broken(DROPOUT);
        }
    }

    private Map<String, Double> tracked() {
        Map<String, Double> sums = new TreeMap<>();
        if (json.get("epoch_tracked_sums") instanceof Map<?, ?> stored) {
            Json.object(stored).forEach((name, value) -> {
                if (value instanceof Number number) {
                    sums.put(name, number.doubleValue());
                }
            });
        }
        return sums;
    }

    private Number number(String key) {
        if (json.get(key) instanceof Number number) {
            return number;
        }
        throw broken(key);
    }

    private byte[] decode(@Nullable Object text) {
        try {
            return Base64.getDecoder().decode(String.valueOf(text));
        } catch (IllegalArgumentException e) {
            throw broken("random");
        }
    }

    private Problem broken(String key) {
        return Problem.failure(where + " has no sound '" + key + "': it is not a checkpoint of this version");
    }
}
