// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.source.DataSpec;

/** Opens data sets by the text that names them; see {@link DataSourceKind#form}. */
public final class DataSources {
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
        if (!options.columns().equals(ColumnChoice.FOUND) && !parsed.kind().hasColumns()) {
            throw Problem.request("the data source " + parsed.kind().key()
                    + " has no columns to choose from: omit {imageColumn}, {captionColumn} and {labelColumn}");
        }
        return parsed.kind().open(parsed, options);
    }

    /** As {@link #open(String, SourceOptions)} with the defaults. */
    public static Dataset open(String spec) {
        return open(spec, SourceOptions.defaults());
    }
}
