// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.inspect.DataPreview;
import dev.diffusion4j.data.inspect.DataStats;
import dev.diffusion4j.image.PngFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at a data set. */
@Command(
        name = "data",
        description = "Look at a data set before training on it.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse data mnist --preview mnist.png",
            "  diffuse data folder:my-photos --stats",
            "  diffuse data hf:huggan/smithsonian_butterflies_subset --preview butterflies.png"
        },
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
                    "digits, shapes, scenes or zog (made by the library), mnist or fashion_mnist (downloaded once), idx:FOLDER (files of MNIST's "
                            + "format), folder:PATH (picture files, flat or one folder a class, or such in train/ and test/). "
                            + "Behind these :test or :all is another part than the training one. "
                            + "hf:org/name[@revision][:config][:split] is a data set of the Hub, "
                            + "parquet:PATH[:config][:split] a folder of Parquet files or one.")
    String source = "";

    @Option(
            names = "--preview",
            paramLabel = "FILE",
            description = "Write a PNG with 64 of the pictures and their labels.")
    @Nullable
    Path preview;

    @Option(
            names = "--stats",
            description = "Decode every picture; print classes, sizes, broken files, mean and deviation of the pixels.")
    boolean stats;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Which pictures the preview shows; default: ${DEFAULT-VALUE}.")
    long seed;

    @Mixin
    ColumnOptions columns = new ColumnOptions();

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (preview != null) {
            PictureTarget.checkFile(preview, ".png", "--preview");
        }
        try (Dataset dataset = DataSources.open(source, SourceOptions.defaults().withColumns(columns.choice()))) {
            if (stats) {
                out.println(DataStats.of(dataset, Runtime.getRuntime().availableProcessors())
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
