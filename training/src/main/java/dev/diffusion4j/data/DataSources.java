// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.source.FolderSplits;
import java.nio.file.Path;
import java.util.Optional;

/** Opens data sets by the text that names them; see {@link DataSourceKind#form}. */
public final class DataSources {
    private static final ColumnChoice LABEL = new ColumnChoice(null, null, "");

    private DataSources() {}

    /**
     * Opens a data set; the caller closes it. {@code mnist}, {@code fashion_mnist}, {@code flowers102} and {@code hf:…} use the network if the cache
     * lacks them, nothing else does.
     *
     * @param spec {@code digits}, {@code mnist:test}, {@code folder:PATH}, …
     * @throws dev.diffusion4j.base.Problem (a wrong request) where there is no such source; (a failure) where its files cannot be read
     */
    public static Dataset open(String spec, SourceOptions options) {
        DataSpec parsed = DataSpec.parse(spec);
        if (!parsed.kind().hasColumns(options.columns())) {
            throw Problem.request("the data source " + parsed.kind().key() + " has no columns to choose from: omit "
                    + (parsed.kind().hasColumns(LABEL)
                            ? "{imageColumn} and {captionColumn}"
                            : "{imageColumn}, {captionColumn} and {labelColumn}"));
        }
        return parsed.kind().open(parsed, options);
    }

    /**
     * The same data set, named so that it is found from any working folder: one of this machine by its absolute path.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where there is no such source
     */
    public static String absolute(String spec) {
        if (!DataSpec.parse(spec).kind().isOnDisk()) {
            return spec;
        }
        int colon = spec.indexOf(':');
        Path path = Path.of(spec.substring(colon + 1)); // a split or a configuration behind it stays where it is
        return spec.substring(0, colon + 1) + path.toAbsolutePath().normalize();
    }

    /** The folder or file of this machine that a data set is in; empty for others. */
    public static Optional<Path> place(String spec) {
        DataSpec parsed = DataSpec.parse(spec);
        if (!parsed.kind().isOnDisk()) {
            return Optional.empty();
        }
        String folder = parsed.folder();
        return Optional.of(
                switch (parsed.kind()) {
                    case FOLDER -> FolderSplits.place(folder).root();
                    case PARQUET -> Path.of(folder.contains(":") ? folder.substring(0, folder.indexOf(':')) : folder);
                    default -> Path.of(folder);
                });
    }

    /** As {@link #open(String, SourceOptions)} with the defaults. */
    public static Dataset open(String spec) {
        return open(spec, SourceOptions.defaults());
    }
}
