// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.data.DataPreview;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.DataStats;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.image.PngFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at a data set. */
@Command(
        name = "data",
        description = "Look at a data set: what is in it, and a picture of it.",
        mixinStandardHelpOptions = true)
final class DataCommand implements Callable<Integer> {
    private static final int PREVIEW = 64;
    private static final int PER_ROW = 8;
    private static final int CELL = 64;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "SPEC",
            description =
                    "digits, shapes, mnist, fashion_mnist, idx:FOLDER, folder:PATH; :test and :all for other splits.")
    String source = "";

    @Option(names = "--preview", paramLabel = "FILE", description = "Write a grid of 64 pictures with their labels.")
    @Nullable
    Path preview;

    @Option(
            names = "--stats",
            description = "Decode everything and count: classes, sizes, broken files, mean and deviation.")
    boolean stats;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Which pictures the preview shows.")
    long seed;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try (Dataset dataset = DataSources.open(source)) {
            if (stats) {
                out.print(DataStats.of(dataset, Runtime.getRuntime().availableProcessors())
                        .text());
            } else {
                out.printf("%s: %,d pictures%n", dataset.description(), dataset.size());
            }
            if (preview != null) {
                PngFile.write(preview, DataPreview.grid(dataset, PREVIEW, PER_ROW, CELL, seed), Map.of());
                out.println("preview: " + preview);
            }
        }
        out.flush();
        return 0;
    }
}
