// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.drawing.DrawingAgain;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.InfotextDrawing;
import dev.diffusion4j.hub.HubProgress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A picture that {@code sample} draws again, from its own note or from another program's.
 *
 * @param command whose options say what has moved
 */
record PictureAgain(SampleCommand command) {
    private static final Set<String> USED = Set.of(
            "--from",
            "--model",
            "--clip-model",
            "--clip-activation",
            "--out",
            "--variant",
            "--low-memory",
            "--grid",
            "--film",
            "--save-tensors",
            "--json",
            "--verbose");

    /** What another program's text cannot hold. */
    private static final Set<String> USED_BESIDE = Set.of(
            "--config",
            "--vae",
            "--refiner",
            "--embedding",
            "--lora",
            "--lora-dir",
            "--image",
            "--mask",
            "--device",
            "--dtype");

    DrawingJob open(Path picture, @Nullable Path model, HubProgress hub, Consumer<String> notice) {
        Optional<InfotextDrawing> other = Files.exists(picture) ? InfotextDrawing.of(picture) : Optional.empty();
        if (other.isPresent()) {
            return open(other.get(), model, hub, notice);
        }
        refuseUnused(USED);
        command.outputs.check(1, false);
        DrawingAgain again = DrawingAgain.of(picture, model, command.files.variant, command.guidance.clip(null));
        command.guidance.checkClip(again.note().guides(), false);
        return DrawingJob.open(again.keeping(command.files.keeping(1)), hub, notice);
    }

    private DrawingJob open(InfotextDrawing other, @Nullable Path model, HubProgress hub, Consumer<String> notice) {
        Set<String> used = new HashSet<>(USED);
        used.addAll(USED_BESIDE);
        refuseUnused(used);
        command.outputs.check(1, false);
        return DrawingJob.open(
                other,
                other.plan(
                        model,
                        command.files.apply(command.pictures.loadOptions(null)).withKeeping(command.files.keeping(1)),
                        new InfotextDrawing.Given(
                                command.pictures.words.loraDir,
                                command.start.image,
                                command.start.mask,
                                command.files.refinerStart()),
                        notice),
                hub,
                notice);
    }

    private void refuseUnused(Set<String> used) {
        UnusedOptions.refuse(
                command.spec, used, "--from draws the picture as its note says", "draw another picture with --model");
    }
}
