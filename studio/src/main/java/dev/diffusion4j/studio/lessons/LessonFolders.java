// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Folders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where the lessons' runs are: in a folder {@code runs} of one that was opened, or in one that is called so itself. */
record LessonFolders(Folders folders) {
    private static final String RUNS = "runs";

    /** The run's folder where there is one; else the one that a new run gets. */
    Path of(LessonRun run) {
        List<Path> places = places();
        return places.stream()
                .map(place -> place.resolve(run.folder()))
                .filter(folder -> Files.exists(folder.resolve("recipe.yaml")) || isDone(run, folder))
                .findFirst()
                .orElse(places.get(0).resolve(run.folder()));
    }

    private List<Path> places() {
        List<Path> places = new ArrayList<>();
        for (Path root : folders.all().values()) {
            boolean isRuns = root.endsWith(RUNS);
            places.add(isRuns ? root : root.resolve(RUNS));
            if (!isRuns) {
                places.add(root);
            }
        }
        return places;
    }

    /** The finished model, or LoRA, of a run. */
    Optional<Path> result(LessonRun run) {
        Path folder = of(run);
        return isDone(run, folder)
                ? Optional.of(run == LessonRun.LORA ? folder.resolve(run.result()) : PipelinePlace.insideRun(folder))
                : Optional.empty();
    }

    /** @throws Refusal (404) where it is not done */
    Path needed(LessonRun run) {
        return result(run)
                .orElseThrow(
                        () -> Refusal.missing("this needs the training " + run.folder() + ", which is not done yet"));
    }

    private static boolean isDone(LessonRun run, Path folder) {
        Path result = folder.resolve(run.result());
        return run == LessonRun.LORA
                ? Files.isDirectory(result)
                : Files.exists(result.resolve(ComponentMap.FILE)) || Files.exists(folder.resolve(ComponentMap.FILE));
    }

    /** How a page calls a file of a run. */
    String place(Path path) {
        return folders.place(path).orElse("");
    }
}
