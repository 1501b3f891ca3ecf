// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.nio.file.Path;

/** Where downloads and probe results are kept between runs. */
public final class CacheFolder {
    private CacheFolder() {}

    /** {@code $DIFFUSION4J_CACHE}, else {@code $XDG_CACHE_HOME/diffusion4j}, else {@code ~/.cache/diffusion4j}. */
    public static Path path() {
        String own = System.getenv("DIFFUSION4J_CACHE");
        if (own != null && !own.isBlank()) {
            return Path.of(own);
        }
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path root = xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return root.resolve("diffusion4j");
    }
}
