// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.metric.ClipScore;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.clip.Clip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Says how well pictures show what a text says.
 *
 * @param clip owned
 * @param weightsHash SHA-256 of its weights' files
 * @param text what the pictures should show
 */
public record ClipJudge(Clip clip, String weightsHash, String text) implements AutoCloseable {

    /**
     * Reads a CLIP.
     *
     * @throws Problem (a failure) where it cannot be read; IllegalArgumentException where the text is empty
     */
    public static ClipJudge open(Clip.Origin origin, String text) {
        Check.that(!text.isBlank(), "{clipText} must not be empty");
        Path place = PipelinePlace.insideRun(origin.place());
        try {
            List<Path> files = Files.isDirectory(place)
                    ? WeightFiles.files(place)
                    : Files.exists(place) ? List.of(place) : List.of();
            StringBuilder hashes = new StringBuilder();
            for (Path file : files) {
                hashes.append(Hashes.sha256(file));
            }
            Clip clip = Clip.load(place, origin.activation());
            clip.freeze();
            return new ClipJudge(clip, Hashes.sha256(hashes.toString()), text);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + place + ": " + AtomicFile.reason(e), e);
        }
    }

    /** The score as a figure. */
    public Figure figure(PictureSet pictures, Map<String, @Nullable Object> drawn) {
        ClipScore score = ClipScore.of(clip, pictures, text);
        return new Figure(
                Figure.CLIP_SCORE,
                score.mean(),
                pictures.size() > 1 ? score.standardError() : null,
                pictures.size(),
                0,
                "clip-" + clip.reference().key(),
                weightsHash,
                clip.pictures().size(),
                "clip",
                0,
                0,
                0,
                pictures.description(),
                pictures.contentHash(),
                text,
                Hashes.sha256(text),
                pictures.classes(),
                drawn);
    }

    @Override
    public void close() {
        clip.close();
    }
}
