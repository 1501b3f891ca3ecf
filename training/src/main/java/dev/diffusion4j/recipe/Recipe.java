// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.tracking.TrackerKind;
import dev.diffusion4j.trainer.TrainerConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole training: network, scheduler, data, and how long and how it learns.
 *
 * @param name a short word
 * @param summary one line
 * @param source where it comes from
 * @param figures what the source reports, line by line
 * @param cost time and memory, and on what they were seen
 * @param scheduler what the network is trained for; not used by a classifier
 * @param lora low-rank products that learn in the network's place; {@code null} for none
 * @param trackers where the numbers go
 * @param export pipelines saved on the way, or in another place
 * @param project under which a service that compares runs lists it; only recorded; {@code null} for none
 */
public record Recipe(
        String name,
        String summary,
        String source,
        List<String> figures,
        String cost,
        ModelSpec model,
        SchedulerSpec scheduler,
        ObjectiveConfig objective,
        DataConfig data,
        TrainerConfig training,
        SamplesConfig samples,
        @Nullable LoraConfig lora,
        List<TrackerKind> trackers,
        ExportConfig export,
        @Nullable String project) {

    /** The only place where a recipe's defaults are written down. */
    public static final Recipe DEFAULT = new Recipe(
            "unnamed",
            "",
            "",
            List.of(),
            "",
            ModelSpec.DEFAULT,
            SchedulerSpec.DEFAULT,
            ObjectiveConfig.DEFAULT,
            DataConfig.DEFAULT,
            TrainerConfig.DEFAULT,
            SamplesConfig.DEFAULT,
            null,
            List.of(TrackerKind.JSONL, TrackerKind.TENSORBOARD),
            ExportConfig.DEFAULT,
            null);

    public Recipe {
        Check.that(!name.isBlank(), "name must not be empty");
        figures = List.copyOf(figures);
        trackers = List.copyOf(trackers);
    }

    /**
     * From plain values.
     *
     * @throws IllegalArgumentException on an unknown key or a value that is not allowed
     */
    public static Recipe of(Map<String, ?> values, String where) {
        return Records.bind(DEFAULT, values, where);
    }

    /** All of it as plain values. */
    public Map<String, @Nullable Object> toMap() {
        return Records.toMap(this);
    }

    /** All of it as YAML. */
    public String toYaml() {
        return Yaml.write(toMap());
    }

    /** With other values in a group: {@code with("training", Map.of("epochs", 3))}. */
    public Recipe with(String group, Map<String, ?> values) {
        Map<String, @Nullable Object> change = new LinkedHashMap<>();
        change.put(group, values);
        return Records.bind(this, change, "recipe " + name);
    }
}
