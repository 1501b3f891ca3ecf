// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.tracking.TrackerKind;
import dev.diffusion4j.trainer.TrainerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
 * @param validation what is measured on held-back pictures, and when; {@code null} for nothing
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
        @Nullable String project,
        @Nullable ValidationConfig validation) {

    private static final Logger LOG = LoggerFactory.getLogger(Recipe.class);

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
            null,
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

    /** Without the kernel distance where its extractor is not there, which is said in a line; the rest can be measured. */
    Recipe withoutMissingExtractor() {
        if (validation == null
                || validation.kid() == null
                || Files.exists(Path.of(validation.kid().extractor()))) {
            return this;
        }
        LOG.warn(
                "val_kid will not be measured: there is no {}; train it by 'diffuse train flower-classifier', or name"
                        + " another classifier's folder as validation.kid.extractor",
                validation.kid().extractor());
        Map<String, @Nullable Object> without = new LinkedHashMap<>();
        without.put("kid", null);
        return with("validation", without);
    }

    /** With other values in a group: {@code with("training", Map.of("epochs", 3))}. */
    public Recipe with(String group, Map<String, ?> values) {
        Map<String, @Nullable Object> change = new LinkedHashMap<>();
        change.put(group, values);
        return Records.bind(this, change, "recipe " + name);
    }
}
