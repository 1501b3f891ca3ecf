// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request in the JSON of a picture's note: all of it, as it stands in a PNG, or what matters of it, {@code {"request": {"subject": {"prompts":
 * ["a red cat"]}, "canvas": {"seed": 7}}}}. What is missing is as the model has it. The keys are those of {@link GenerationNote}.
 *
 * @param model what the request calls it, or {@code null}
 * @param scheduler with what algorithm, and its steps where the request says them; {@code null} for the model's own and the steps of {@code request}
 * @param index which picture alone, as in a note, which is of one; {@code null} for all
 * @param request what is drawn
 * @param guides what it is steered by, as text
 * @param loras adapters
 * @param files the other files that it names, by their keys: {@code vae}, for example
 */
public record NoteRequest(
        @Nullable String model,
        @Nullable SchedulerSelection scheduler,
        @Nullable Integer index,
        GenerationRequest request,
        List<String> guides,
        List<LoraChoice> loras,
        Map<String, Object> files) {

    private static final List<String> FILES = List.of("config", "embeddings", "vae", "refiner", "clip_model");
    /** What a note always says and a request need not; {@code null} there is as good as nothing. */
    private static final List<String> NOT_NEEDED = List.of("model", "scheduler", "index");

    public NoteRequest {
        guides = List.copyOf(guides);
        loras = List.copyOf(loras);
        files = Map.copyOf(files);
        Check.that(
                index == null || index >= 0 && index < request.count(),
                "{index} must be from 0 to " + (request.count() - 1) + ", the last of the request's pictures, but was "
                        + index);
    }

    /**
     * Reads one.
     *
     * @param where names it in errors
     * @throws Problem (a wrong request) where it is no such JSON, or has a value that is not allowed
     */
    public static NoteRequest parse(String json, String where) {
        try {
            Map<String, @Nullable Object> all = Json.parseObject(json, where);
            Object inner = all.get("settings");
            return of(OldNotes.upgraded(inner instanceof Map<?, ?> note ? Json.object(note) : all), where);
        } catch (IllegalArgumentException e) {
            throw Problem.request(Worded.marked(e));
        } catch (Problem e) {
            throw Problem.request(Worded.marked(e)); // of the text: nothing failed but what was asked for
        }
    }

    private static NoteRequest of(Map<String, @Nullable Object> all, String where) {
        Map<String, @Nullable Object> said = new LinkedHashMap<>(all);
        NOT_NEEDED.stream().filter(key -> said.get(key) == null).forEach(said::remove);
        GenerationNote note = GenerationNote.of(said, where);
        SchedulerKind kind = said.containsKey("scheduler") ? kind(note.scheduler()) : null;
        Map<String, Object> files = new LinkedHashMap<>();
        FILES.forEach(key -> {
            Object value = said.get(key);
            if (value != null && !value.equals(List.of())) {
                files.put(key, value);
            }
        });
        return new NoteRequest(
                said.containsKey("model") ? note.model() : null,
                SchedulerSelection.ofNote(kind, note.schedulerConfig(), note.request(), hasSteps(said)),
                said.containsKey("index") ? (Integer) note.index() : null,
                note.request(),
                note.guides(),
                note.loras().stream().map(LoraChoice::parse).toList(),
                files);
    }

    private static boolean hasSteps(Map<String, @Nullable Object> note) {
        return note.get("request") instanceof Map<?, ?> request
                && request.get("sampling") instanceof Map<?, ?> sampling
                && sampling.containsKey("steps");
    }

    /** By diffusers' class name, as notes have it, or by this library's. */
    private static SchedulerKind kind(String name) {
        return Arrays.stream(SchedulerKind.values())
                .filter(kind -> kind.className().equals(name))
                .findFirst()
                .orElseGet(() -> Keyed.fromKey(SchedulerKind.class, name, "{scheduler}"));
    }
}
