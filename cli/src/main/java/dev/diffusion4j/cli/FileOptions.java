// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.nio.file.Path;
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
}
