// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.StepOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Changes to a scheduler that were given as text, {@code use_karras_sigmas=true}: of its config and of its run.
 *
 * @param config by the keys of {@code scheduler_config.json}; for {@link DiffusionPipeline#withScheduler(SchedulerKind, Map)}
 * @param step for {@link dev.diffusion4j.pipeline.request.RequestDraft#stepOptions}
 */
public record SchedulerOptions(Map<String, @Nullable Object> config, StepOptions step) {
    /**
     * Reads {@code key=value} texts; a value is written as in YAML.
     *
     * @param name of what the texts were given to, for messages: {@code --scheduler-option}
     * @throws Problem where a text is not of this form, or the scheduler has no such setting
     */
    public static SchedulerOptions parse(SchedulerKind kind, List<String> texts, String name) {
        List<String> known = new ArrayList<>(kind.create(Map.of()).config().keySet());
        known.addAll(StepOptions.KEYS);
        Map<String, @Nullable Object> config = new LinkedHashMap<>();
        Map<String, @Nullable Object> step = new LinkedHashMap<>();
        for (String text : texts) {
            int equals = text.indexOf('=');
            String key = text.substring(0, Math.max(0, equals)).trim();
            if (key.isEmpty()) {
                throw Problem.request(
                        name + " must be key=value, such as timestep_spacing=trailing, but was '" + text + "'");
            }
            if (!known.contains(key)) {
                throw Problem.request(name + ": the scheduler '" + kind.key() + "' has no setting '" + key + "'"
                        + Nearest.hint(key, known) + "; it has " + String.join(", ", known));
            }
            (StepOptions.KEYS.contains(key) ? step : config).put(key, value(text.substring(equals + 1), name, text));
        }
        return new SchedulerOptions(config, Records.bind(StepOptions.DEFAULT, step, name));
    }

    private static @Nullable Object value(String value, String name, String text) {
        try {
            return Yaml.parse(value, name + " " + text);
        } catch (Problem e) {
            throw Problem.request(Worded.marked(e));
        }
    }
}
