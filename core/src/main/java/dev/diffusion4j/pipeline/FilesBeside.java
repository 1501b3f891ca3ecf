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
 * @param vae the place of an autoencoder that took the place of the model's own, or {@code null}
 * @param refiner the place of a model that ends what this one began, or {@code null}
 */
public record FilesBeside(@Nullable Path config, List<Path> embeddings, @Nullable Path vae, @Nullable Path refiner) {
    /** None. */
    public static final FilesBeside NONE = new FilesBeside(null, List.of(), null, null);

    // written out: a compact constructor's parameters lose their @Nullable in the class file
    public FilesBeside(@Nullable Path config, List<Path> embeddings, @Nullable Path vae, @Nullable Path refiner) {
        this.config = config;
        this.embeddings = List.copyOf(embeddings);
        this.vae = vae;
        this.refiner = refiner;
    }
}
