// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.CacheFolder;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.parquet.ColumnChoice;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What some sources need to know besides their name.
 *
 * @param imageSize the side, in pixels, of pictures that are painted for us; 0 for the source's own
 * @param seed which pictures the generators make
 * @param cacheFolder where downloads are kept
 * @param mirror an address to fetch files from instead of the known ones and of what the environment says, or {@code null}
 * @param columns which columns to take, of sources that have some
 */
public record SourceOptions(int imageSize, long seed, Path cacheFolder, @Nullable String mirror, ColumnChoice columns) {
    public SourceOptions {
        Check.notNegative(imageSize, "image_size");
    }

    /** With the columns that are found. */
    public SourceOptions(int imageSize, long seed, Path cacheFolder, @Nullable String mirror) {
        this(imageSize, seed, cacheFolder, mirror, ColumnChoice.FOUND);
    }

    /** Sizes of the sources' own, seed 0, the usual cache, the known mirrors. */
    public static SourceOptions defaults() {
        return new SourceOptions(0, 0, CacheFolder.path(), null);
    }

    /** With another size. */
    public SourceOptions withImageSize(int size) {
        return new SourceOptions(size, seed, cacheFolder, mirror, columns);
    }

    /** With columns that are named. */
    public SourceOptions withColumns(ColumnChoice choice) {
        return new SourceOptions(imageSize, seed, cacheFolder, mirror, choice);
    }
}
