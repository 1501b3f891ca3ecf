// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.pipeline.LoadOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which files of a model are read. */
final class FileOptions {
    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "Which files of weights to read, where the folder has several: fp16, bf16.")
    @Nullable
    String variant;

    @Option(
            names = "--config",
            paramLabel = "DIR",
            description =
                    "For a model of one file: a folder in diffusers' form whose configs and tokenizers count, and whose parts fill in.")
    @Nullable
    Path config;

    @Option(
            names = "--embedding",
            paramLabel = "FILE",
            description =
                    "A word that was learnt for the text encoders (textual inversion); may be given again. The file says the word, or "
                            + "is named like it.")
    List<Path> embeddings = new ArrayList<>();

    /** Into what else is loaded. */
    LoadOptions apply(LoadOptions options) {
        return options.withVariant(variant).withConfig(config).withEmbeddings(embeddings);
    }
}
