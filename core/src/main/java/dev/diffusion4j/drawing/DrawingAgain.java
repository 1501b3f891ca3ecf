// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.KeepNetworks;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A picture that is to be drawn again, from the note in it.
 *
 * @param picture the PNG
 * @param read its note
 * @param movedModel where the model lies now, or {@code null} where the note says it
 * @param variant of the files of weights, or {@code null}
 * @param movedClip where the guides' CLIP lies now, or {@code null} where the note says it
 * @param keeping how long networks stay in memory
 */
public record DrawingAgain(
        Path picture,
        GenerationNote.Read read,
        @Nullable Path movedModel,
        @Nullable String variant,
        Clip.@Nullable Origin movedClip,
        KeepNetworks keeping) {

    /**
     * Reads the note.
     *
     * @throws Problem where there is none
     */
    public static DrawingAgain of(
            Path picture, @Nullable Path movedModel, @Nullable String variant, Clip.@Nullable Origin movedClip) {
        return new DrawingAgain(
                picture, GenerationNote.read(picture), movedModel, variant, movedClip, KeepNetworks.ALWAYS);
    }

    /** With networks that stay in memory longer, or go sooner. */
    public DrawingAgain keeping(KeepNetworks value) {
        return new DrawingAgain(picture, read, movedModel, variant, movedClip, value);
    }

    /** How it was made. */
    public GenerationNote note() {
        return read.note();
    }

    Clip.@Nullable Origin clip() {
        if (movedClip == null) {
            return note().clipOrigin();
        }
        return movedClip.activation() != null ? movedClip : new Clip.Origin(movedClip.place(), note().clipActivation());
    }

    String modelHash() {
        return read.manifest().modelHash();
    }

    SchedulerKind scheduler() {
        return SchedulerKind.ofClass(note().scheduler(), picture.toString());
    }

    LoadOptions loading() {
        return new LoadOptions(
                        read.manifest().device(),
                        Keyed.fromKey(Precision.class, read.manifest().dtype(), "dtype"),
                        variant,
                        note().loras().stream().map(LoraChoice::parse).toList())
                .withConfig(path(note().config()))
                .withEmbeddings(note().embeddings().stream().map(Path::of).toList())
                .withVae(path(note().vae()))
                .withRefiner(path(note().refiner()))
                .withKeeping(keeping);
    }

    private static @Nullable Path path(@Nullable String text) {
        return text == null ? null : Path.of(text);
    }

    /** Where the model is, as it is given now or was then. */
    Path place() {
        return movedModel == null ? Path.of(note().model()) : movedModel;
    }

    Path folder(HubProgress progress) {
        if (movedModel != null) {
            return PipelinePlace.folder(movedModel, variant, progress);
        }
        Path folder = Path.of(note().model());
        if (!Files.exists(folder)) {
            throw Problem.failure("there is no folder " + folder + ", with whose model " + picture
                    + " was drawn: give its new place with {model}");
        }
        return folder;
    }
}
