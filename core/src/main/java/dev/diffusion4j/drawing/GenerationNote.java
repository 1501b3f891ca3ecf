// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.guidance.loss.ClipLoss;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.clip.ClipActivation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.FilesBeside;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a picture was made, as it stands in the PNG: enough to draw it again.
 *
 * @param model the folder, as it was given
 * @param scheduler diffusers' class name
 * @param schedulerConfig its settings
 * @param index which picture of the call it is
 * @param request what was asked for: for this picture alone, or, where the noise was shared, for the whole batch
 * @param guides what it was steered by, as text
 * @param loras the adapters in the network, each {@code PATH:SCALE}
 * @param config a folder that counted for a model of one file, as it was given, or {@code null}
 * @param embeddings files of words that text encoders learnt
 * @param vae an autoencoder that took the place of the model's own, as it was given, or {@code null}
 * @param refiner a model that ended what this one began, as it was given, or {@code null}
 * @param clipModel the CLIP that the guides looked with, as it was given
 * @param clipActivation its activation, where it was given
 */
public record GenerationNote(
        String model,
        String scheduler,
        Map<String, @Nullable Object> schedulerConfig,
        int index,
        GenerationRequest request,
        List<String> guides,
        List<String> loras,
        @Nullable String config,
        List<String> embeddings,
        @Nullable String vae,
        @Nullable String refiner,
        @Nullable String clipModel,
        @Nullable ClipActivation clipActivation) {

    private static final GenerationNote EMPTY = new GenerationNote(
            "",
            "DDPMScheduler",
            Map.of(),
            0,
            GenerationRequest.DEFAULT,
            List.of(),
            List.of(),
            null,
            List.of(),
            null,
            null,
            null,
            null);

    public GenerationNote {
        guides = List.copyOf(guides);
        loras = List.copyOf(loras);
        embeddings = List.copyOf(embeddings);
        schedulerConfig = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(schedulerConfig));
    }

    /** For picture {@code index} of a call. */
    static GenerationNote of(String model, DiffusionPipeline pipeline, GenerationRequest request, int index) {
        Scheduler scheduler = pipeline.scheduler();
        GenerationRequest own = request;
        int ownIndex = index;
        if (request.noise() == NoiseMode.PER_IMAGE) {
            own = request.only(index);
            ownIndex = 0;
        }
        Clip.Origin clip = clipOf(pipeline);
        FilesBeside beside = pipeline.filesBeside();
        return new GenerationNote(
                model,
                scheduler.algorithm().className(),
                scheduler.config(),
                ownIndex,
                own,
                pipeline.steering().stream().map(LossGuidance::name).toList(),
                pipeline.loras().stream().map(LoraChoice::text).toList(),
                text(beside.config()),
                beside.embeddings().stream().map(Path::toString).toList(),
                text(beside.vae()),
                text(beside.refiner()),
                clip == null ? null : clip.place().toString(),
                clip == null ? null : clip.activation());
    }

    private static @Nullable String text(@Nullable Path path) {
        return path == null ? null : path.toString();
    }

    /** The CLIP that a pipeline's guides look with, or {@code null}. */
    public static Clip.@Nullable Origin clipOf(DiffusionPipeline pipeline) {
        return pipeline.steering().stream()
                .map(LossGuidance::loss)
                .filter(ClipLoss.class::isInstance)
                .map(loss -> ((ClipLoss) loss).clip().origin())
                .findFirst()
                .orElse(null);
    }

    /** The CLIP that the guides looked with, or {@code null}. */
    public Clip.@Nullable Origin clipOrigin() {
        return clipModel == null ? null : new Clip.Origin(Path.of(clipModel), clipActivation);
    }

    /**
     * The notes of a PNG: ours, and the text that other tools read.
     *
     * @param size of what was drawn
     */
    Map<String, String> notes(DiffusionPipeline pipeline, SampleSize size, InfotextHashes hashes) {
        String modelHash = pipeline.modelHash();
        RunManifest manifest = new RunManifest(
                RunManifest.libraryVersion(),
                pipeline.deviceName(),
                pipeline.precision().key(),
                modelHash,
                Records.toMap(this));
        Map<String, String> notes = new LinkedHashMap<>();
        boolean hasText = request.prompts() != null;
        notes.put(
                Infotext.NOTE,
                hasText ? InfotextNote.of(this, size, hashes).toText() : summary(hashes.name(), modelHash));
        notes.put(RunManifest.NOTE, manifest.toText());
        return notes;
    }

    private String summary(String name, String modelHash) {
        SampleSize size = request.size();
        String sampler = SchedulerKind.ofClass(scheduler, "this picture").key();
        return String.format(
                Locale.ROOT,
                "Steps: %d, Sampler: %s, Seed: %d%s, Model: %s, Model hash: %s",
                request.steps(),
                sampler,
                request.seed() + index,
                size == null ? "" : ", Size: " + size.text(),
                name,
                modelHash.length() > 10 ? modelHash.substring(0, 10) : modelHash);
    }

    /** A note with the manifest around it. */
    public record Read(RunManifest manifest, GenerationNote note) {}

    /** Of a picture's notes, the one that {@link #read(String, String)} reads; empty where there is none. */
    public static String textOf(Map<String, String> notes) {
        return notes.getOrDefault(RunManifest.NOTE, "");
    }

    /** Whether a picture has a note of this library. */
    static boolean isIn(Path picture) {
        return PngFile.isOne(picture) && PngFile.readNotes(picture).containsKey(RunManifest.NOTE);
    }

    /**
     * Reads the note of a PNG.
     *
     * @throws Problem where there is none
     */
    public static Read read(Path png) {
        String text = PngFile.readNotes(png).get(RunManifest.NOTE);
        if (text == null) {
            throw Problem.failure(png + " does not say how it was made: it has neither the note '" + RunManifest.NOTE
                    + "' of 'diffuse sample' nor the text '" + Infotext.NOTE + "' of A1111's webui");
        }
        return read(text, png + ": note " + RunManifest.NOTE);
    }

    /**
     * Reads a note.
     *
     * @param text what stands in a PNG under {@link RunManifest#NOTE}
     * @param where names it in errors
     * @throws Problem where it is none
     */
    public static Read read(String text, String where) {
        try {
            RunManifest manifest = RunManifest.fromText(text, where);
            return new Read(manifest, of(OldNotes.upgraded(manifest.settings()), where));
        } catch (IllegalArgumentException e) {
            throw Problem.failure(Worded.marked(e), e);
        }
    }

    /**
     * Of its keys and their values. What is missing is that of {@link #EMPTY}, which only a request may leave to it.
     *
     * @param settings of this version, see {@link OldNotes#upgraded}
     * @throws IllegalArgumentException as {@link Records#bind}
     */
    static GenerationNote of(Map<String, @Nullable Object> settings, String where) {
        return Records.bind(EMPTY, settings, where);
    }

    /** The same with the name of each file in place of its path. */
    GenerationNote withoutPlaces(String name) {
        return new GenerationNote(
                name,
                scheduler,
                schedulerConfig,
                index,
                withoutPlaces(request),
                guides,
                loras.stream()
                        .map(LoraChoice::parse)
                        .map(lora -> lora.at(Path.of(InfotextNames.ofLora(lora.path()))))
                        .map(LoraChoice::text)
                        .toList(),
                name(config),
                embeddings.stream().map(GenerationNote::fileName).toList(),
                name(vae),
                name(refiner),
                name(clipModel),
                clipActivation);
    }

    private static GenerationRequest withoutPlaces(GenerationRequest request) {
        Inputs inputs = request.inputs();
        return request.with(r -> r.loraDir(null)
                .picture(inputs.picture() == null ? null : fileName(inputs.picture()))
                .mask(inputs.mask() == null ? null : fileName(inputs.mask()))
                .control(inputs.control().stream()
                        .map(GenerationNote::withoutPlaces)
                        .toList()));
    }

    private static Control withoutPlaces(Control control) {
        String folder = control.isOwn() ? "" : InfotextNames.of(Path.of(control.folder()));
        return new Control(folder, fileName(control.picture()), control.scale(), control.start(), control.end());
    }

    /** Of a network. */
    private static @Nullable String name(@Nullable String place) {
        return place == null ? null : InfotextNames.of(Path.of(place));
    }

    private static String fileName(String path) {
        return String.valueOf(Path.of(path).getFileName());
    }

    /** As JSON, for people. */
    public String toText() {
        return Json.pretty(Records.toMap(this));
    }
}
