// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a finished chain has beside its stages: the model, or the LoRA, of the stage that its {@code result} names, so that the chain's
 * folder is read as that of any run, and a page that says what is where.
 */
final class ChainResult {
    private static final String PAGE = "README.md";
    private static final String WEIGHTS = ".safetensors";

    private ChainResult() {}

    /** Writes what is not there yet. */
    static void write(Chain chain, Path folder) {
        String stage = chain.result();
        if (stage != null) {
            RunFolder run = new RunFolder(folder.resolve(stage));
            Path learnt = run.hasLora() ? run.lora() : run.model();
            Path own = folder.resolve(String.valueOf(learnt.getFileName()));
            if (!Files.exists(own)) {
                AtomicFile.createFolder(own, target -> copy(learnt, target));
            }
        }
        Path page = folder.resolve(PAGE);
        if (!Files.exists(page)) {
            AtomicFile.write(page, page(chain));
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    copyFile(file, target);
                }
            }
        }
    }

    /** Weights, which nobody writes into, are the same file under two names where the system can do that: they take no room twice. */
    private static void copyFile(Path from, Path to) throws IOException {
        if (from.toString().endsWith(WEIGHTS)) {
            try {
                Files.createLink(to, from);
                return;
            } catch (IOException | UnsupportedOperationException e) {
                Files.deleteIfExists(to);
            }
        }
        Files.copy(from, to);
    }

    private static String page(Chain chain) {
        StringBuilder rows = new StringBuilder();
        String result = chain.result();
        if (result != null) {
            rows.append("| `model` | what `")
                    .append(result)
                    .append("` ended in, ready to use: `diffuse` takes this whole folder for it |\n");
        }
        chain.stages().forEach((stage, recipe) -> rows.append("| `")
                .append(stage)
                .append("` | a run of its own: ")
                .append(recipe.model().kind())
                .append(
                        recipe.summary().isBlank()
                                ? ""
                                : ", " + recipe.summary().replaceFirst(";.*", ""))
                .append("; its model is in `")
                .append(stage)
                .append("/model` |\n"));
        return CardText.of(
                "chain",
                Map.of(
                        "name",
                        chain.name(),
                        "summary",
                        chain.summary().replaceFirst(";.*", ""),
                        "rows",
                        rows.toString()));
    }
}
