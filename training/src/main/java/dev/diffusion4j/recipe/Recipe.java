// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.tracking.TrackerKind;
import dev.diffusion4j.trainer.TrainerConfig;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A whole training: network, scheduler, data, and how long and how it learns.
 *
 * @param name a short word
 * @param summary one line
 * @param source where it comes from
 * @param figures what the source reports, line by line
 * @param cost time and memory, and on what they were seen
 * @param model the network that learns
 * @param scheduler what the network is trained for; not used by a classifier
 * @param objective what it learns
 * @param data the pictures that it learns from, and how they are prepared
 * @param training how long it learns, and how
 * @param samples the grids that are drawn while it learns
 * @param lora low-rank products that learn in the network's place; {@code null} for none
 * @param dreambooth teaches one thing from a few pictures of it; {@code null} for all that the data shows
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
        @Nullable DreamBoothConfig dreambooth,
        List<TrackerKind> trackers,
        ExportConfig export,
        @Nullable String project,
        @Nullable ValidationConfig validation) {

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
     * @throws Problem (a wrong request) on an unknown key or a value that is not allowed
     */
    public static Recipe of(Map<String, ?> values, String where) {
        try {
            return Records.bind(DEFAULT, values, where);
        } catch (IllegalArgumentException e) {
            throw Problem.request(Worded.marked(e));
        }
    }

    /** All of it as plain values. */
    public Map<String, @Nullable Object> toMap() {
        return Records.toMap(this);
    }

    /** All of it as YAML. */
    public String toYaml() {
        return Yaml.write(toMap());
    }

    /** {@code Recipe.DEFAULT.with(recipe -> recipe.training.maxSteps = 15)}: the result is checked anew. */
    public Recipe with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String name;
        public String summary;
        public String source;
        public List<String> figures;
        public String cost;
        public final ModelSpec.Draft model;
        public final SchedulerSpec.Draft scheduler;
        public final ObjectiveConfig.Draft objective;
        public final DataConfig.Draft data;
        public final TrainerConfig.Draft training;
        public final SamplesConfig.Draft samples;
        public @Nullable LoraConfig lora;
        public @Nullable DreamBoothConfig dreambooth;
        public List<TrackerKind> trackers;
        public final ExportConfig.Draft export;
        public @Nullable String project;
        public @Nullable ValidationConfig validation;

        private Draft(Recipe from) {
            name = from.name;
            summary = from.summary;
            source = from.source;
            figures = from.figures;
            cost = from.cost;
            model = from.model.draft();
            scheduler = from.scheduler.draft();
            objective = from.objective.draft();
            data = from.data.draft();
            training = from.training.draft();
            samples = from.samples.draft();
            lora = from.lora;
            dreambooth = from.dreambooth;
            trackers = from.trackers;
            export = from.export.draft();
            project = from.project;
            validation = from.validation;
        }

        Recipe done() {
            return new Recipe(
                    name,
                    summary,
                    source,
                    figures,
                    cost,
                    model.done(),
                    scheduler.done(),
                    objective.done(),
                    data.done(),
                    training.done(),
                    samples.done(),
                    lora,
                    dreambooth,
                    trackers,
                    export.done(),
                    project,
                    validation);
        }
    }
}
