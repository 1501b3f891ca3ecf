// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler by name.
 *
 * @param kind the algorithm
 * @param config keys of its {@code scheduler_config.json}
 * @param fromModel whether it is the one in the folder that {@code model.from} names; {@code null} for yes where there is such a
 *     folder and nothing else is said here
 */
public record SchedulerSpec(SchedulerKind kind, Map<String, @Nullable Object> config, @Nullable Boolean fromModel) {
    public static final SchedulerSpec DEFAULT = new SchedulerSpec(SchedulerKind.DDPM, Map.of(), null);

    public SchedulerSpec {
        config = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(config));
    }

    /** Ready for use. */
    public Scheduler create() {
        return kind.create(config);
    }
}
