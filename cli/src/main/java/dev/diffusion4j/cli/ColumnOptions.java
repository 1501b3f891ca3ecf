// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.data.parquet.ColumnChoice;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which columns of a data set to take, where it has columns. */
final class ColumnOptions {
    @Option(
            names = {"--image-column", "--image_column"},
            paramLabel = "NAME",
            description =
                    "The column of the pictures, of a data set of the Hub or of Parquet files; default: it is found.")
    @Nullable
    String image;

    @Option(
            names = {"--caption-column", "--caption_column"},
            paramLabel = "NAME",
            description = "The column of the captions; default: text, caption or prompt.")
    @Nullable
    String caption;

    @Option(
            names = {"--label-column", "--label_column"},
            paramLabel = "NAME",
            description = "The column of the classes, numbers or words; default: the one of classes, or label.")
    @Nullable
    String label;

    ColumnChoice choice() {
        return new ColumnChoice(image, caption, label);
    }

    boolean isGiven() {
        return !choice().equals(ColumnChoice.FOUND);
    }

    void addTo(Changes changes) {
        changes.set("data.image_column", image)
                .set("data.caption_column", caption)
                .set("data.label_column", label);
    }
}
