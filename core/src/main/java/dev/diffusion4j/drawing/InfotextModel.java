// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The model that a picture's text names. */
record InfotextModel(Infotext text, Path picture) {
    private static final List<String> ENDS = List.of(".safetensors", ".ckpt", "");

    /**
     * @param given where it is, or a folder of single files; {@code null} to look beside the picture and in the working folder
     * @throws Problem where it is not there
     */
    Path find(@Nullable Path given) {
        String name = text.get("Model");
        if (given != null) {
            boolean isModel = !Files.isDirectory(given)
                    || Files.exists(PipelinePlace.insideRun(given).resolve(ComponentMap.FILE));
            return isModel || name == null ? given : in(given, name).orElse(given);
        }
        Path beside = picture.toAbsolutePath().getParent();
        Optional<Path> found = name == null || !isPlain(name)
                ? Optional.empty()
                : Stream.of(Path.of(""), beside == null ? Path.of("") : beside)
                        .flatMap(folder -> in(folder, name).stream())
                        .findFirst();
        return found.orElseThrow(() -> Problem.request(picture + " was drawn with "
                + (name == null ? "a model that its text does not name" : "the model '" + name + "'" + hashText())
                + ", which is neither beside it nor here: say where it is with {model}"));
    }

    private static boolean isPlain(String name) {
        return !name.isBlank() && !name.contains("/") && !name.contains("\\") && !name.contains("..");
    }

    private static Optional<Path> in(Path folder, String name) {
        return isPlain(name)
                ? ENDS.stream()
                        .map(end -> folder.resolve(name + end))
                        .filter(place -> Files.isRegularFile(place)
                                || Files.exists(PipelinePlace.insideRun(place).resolve(ComponentMap.FILE)))
                        .findFirst()
                : Optional.empty();
    }

    private String hashText() {
        String hash = text.get("Model hash");
        return hash == null ? "" : " (hash " + hash + ")";
    }

    /** Says where the model is not the one that the text names, or where that cannot be found out. */
    void compare(Path model, DiffusionPipeline loaded, Consumer<String> notice) {
        String noted = text.get("Model hash");
        if (noted == null) {
            return;
        }
        boolean isOld = noted.length() == 8;
        String own = isOld && Files.isRegularFile(model)
                ? InfotextHashes.oldModel(model)
                : InfotextHashes.model(model, loaded);
        if (own == null) {
            notice.accept("the model '" + text.get("Model") + "'" + hashText() + " may be another than " + model
                    + ", for a folder has no such hash");
        } else if (!noted.toLowerCase(Locale.ROOT).startsWith(own)) {
            notice.accept(model + " has the hash " + own + ", not " + noted + ": it is another model than the picture's"
                    + " '" + text.get("Model") + "'");
        }
    }
}
