// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Files that counted beside a model's own when it was loaded.
 *
 * @param config a folder whose configs, tokenizers and missing parts counted, or {@code null}
 * @param embeddings words that text encoders learnt
 */
public record FilesBeside(@Nullable Path config, List<Path> embeddings) {
    /** None. */
    public static final FilesBeside NONE = new FilesBeside(null, List.of());

    // written out: a compact constructor's parameters lose their @Nullable in the class file
    public FilesBeside(@Nullable Path config, List<Path> embeddings) {
        this.config = config;
        this.embeddings = List.copyOf(embeddings);
    }
}
