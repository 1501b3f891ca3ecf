// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that a pipeline is made of, as a single file or a folder holds it. No weight has been read; closing it closes the files.
 *
 * @param place the file or folder
 * @param settings the class of the whole ({@code _class_name}) and what stands beside the parts in {@code model_index.json}
 * @param parts its networks by name
 * @param scheduler the keys of {@code scheduler_config.json}, the class among them; empty where there is none
 * @param tokenizers by name
 * @param notes lines for the user: what was guessed, and what is left out; fields stand in braces
 * @param files what the parts' weights are read from
 */
public record OpenedParts(
        Path place,
        Map<String, @Nullable Object> settings,
        Map<String, PipelinePart> parts,
        Map<String, @Nullable Object> scheduler,
        Map<String, ClipTokenizer> tokenizers,
        List<String> notes,
        List<WeightSource> files)
        implements AutoCloseable {
    static final String CLASS = "_class_name";

    /** The part of that name. */
    public Optional<PipelinePart> find(String name) {
        return Optional.ofNullable(parts.get(name));
    }

    /** diffusers' class for the whole. */
    public String pipelineClass() {
        return String.valueOf(settings.get(CLASS));
    }

    /**
     * The algorithm as configured.
     *
     * @throws Problem (a failure) where it is not known, or has a value that is not allowed
     */
    public Scheduler readScheduler() {
        String where = "the scheduler of " + place;
        try {
            return SchedulerKind.ofClass(String.valueOf(scheduler.get(CLASS)), place.toString())
                    .create(scheduler);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(where + ": " + Worded.marked(e), e);
        }
    }

    /**
     * The same with changes to the scheduler.
     *
     * @param changes by the keys of its config
     * @throws Problem (a wrong request) where it has no such setting, or a value is not allowed
     */
    public OpenedParts withScheduler(Map<String, @Nullable Object> changes) {
        if (changes.isEmpty()) {
            return this;
        }
        SchedulerKind kind = SchedulerKind.ofClass(String.valueOf(scheduler.get(CLASS)), place.toString());
        Set<String> known = kind.create(Map.of()).config().keySet();
        changes.keySet().stream()
                .filter(key -> !known.contains(key))
                .findFirst()
                .ifPresent(key -> {
                    throw Problem.request("{schedulerOptions}: the scheduler '" + kind.key() + "' has no setting '"
                            + key + "'" + Nearest.hint(key, known));
                });
        Map<String, @Nullable Object> changed = new LinkedHashMap<>(scheduler);
        changed.putAll(changes);
        try {
            kind.create(changed);
        } catch (IllegalArgumentException e) {
            throw Problem.request("{schedulerOptions}: " + Worded.marked(e));
        }
        return new OpenedParts(place, settings, parts, changed, tokenizers, notes, files);
    }

    /**
     * The same with tokenizers for parts that have none.
     *
     * @param others by name
     */
    public OpenedParts withTokenizers(Map<String, ClipTokenizer> others) {
        Map<String, ClipTokenizer> all = new LinkedHashMap<>(others);
        all.putAll(tokenizers);
        return new OpenedParts(place, settings, parts, scheduler, all, notes, files);
    }

    /** @throws Problem (a failure) where a text encoder has no tokenizer */
    public void checkTokenizers() {
        parts.keySet().stream()
                .filter(name -> name.startsWith("text_encoder"))
                .map(name -> name.replace("text_encoder", "tokenizer"))
                .filter(name -> !tokenizers.containsKey(name))
                .findFirst()
                .ifPresent(name -> {
                    throw Problem.failure(
                            place + " holds no vocabulary, as no such file does: give {config}, a folder of"
                                    + " the same kind of model with its '" + name + "', or put CLIP's vocab.json and"
                                    + " merges.txt beside the file");
                });
    }

    @Override
    public void close() {
        files.forEach(WeightSource::close);
    }
}
