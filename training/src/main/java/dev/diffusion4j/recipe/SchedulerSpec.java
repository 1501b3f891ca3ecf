// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.ChannelNormalizer;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler by name.
 *
 * @param kind the algorithm
 * @param config keys of its {@code scheduler_config.json}
 * @param fromModel whether it is the one in the folder that {@code model.from} names, with the keys of {@code config} laid over its own; {@code null}
 *     for yes where there is such a folder and no algorithm is given here
 */
public record SchedulerSpec(SchedulerKind kind, Map<String, @Nullable Object> config, @Nullable Boolean fromModel) {
    public static final SchedulerSpec DEFAULT = new SchedulerSpec(SchedulerKind.DDPM, Map.of(), null);

    public SchedulerSpec {
        config = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(config));
    }

    /**
     * The config with everything filled in that the data decides: its channels' mean and standard deviation, where they are asked for and not
     * given. One pass over the pictures.
     *
     * @throws Problem (a wrong request) where the scheduler has no place for them
     */
    Map<String, @Nullable Object> fitted(DataConfig wanted, TrainingData data) {
        if (!wanted.normalize() || config.containsKey("normalizer_mean")) {
            return config;
        }
        if (kind != SchedulerKind.CONTINUOUS_COSINE) {
            throw Problem.request("data.normalize needs the scheduler " + SchedulerKind.CONTINUOUS_COSINE.key()
                    + ", which keeps mean and deviation, but it is " + kind.key());
        }
        try (BatchLoader loader = data.inOrder(64)) {
            ChannelNormalizer normalizer = ChannelNormalizer.adapt(loader);
            Map<String, @Nullable Object> filled = new LinkedHashMap<>(config);
            filled.put("normalizer_mean", normalizer.mean());
            filled.put("normalizer_std", normalizer.std());
            return filled;
        }
    }

    /** Whether it is the one of a folder that the recipe starts from. */
    boolean isOfModel() {
        return fromModel == null ? kind == DEFAULT.kind : fromModel;
    }

    /** Ready for use. */
    public Scheduler create() {
        return kind.create(config);
    }

    /** {@code SchedulerSpec.DEFAULT.with(c -> c.kind = …)}: the result is checked anew. */
    public SchedulerSpec with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public SchedulerKind kind;
        public Map<String, @Nullable Object> config;
        public @Nullable Boolean fromModel;

        private Draft(SchedulerSpec from) {
            kind = from.kind;
            config = from.config;
            fromModel = from.fromModel;
        }

        /** That of the folder which the recipe starts from, over whose config the recipe's own keys are laid. */
        void take(Scheduler scheduler) {
            Map<String, @Nullable Object> all = new LinkedHashMap<>(scheduler.config());
            all.putAll(config);
            kind = SchedulerKind.of(scheduler);
            config = kind.create(all).config();
            fromModel = true;
        }

        /** The same algorithm with another config. */
        void mend(Scheduler scheduler) {
            config = scheduler.config();
        }

        SchedulerSpec done() {
            return new SchedulerSpec(kind, config, fromModel);
        }
    }
}
