// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.objective.AutoencoderSettings;
import dev.diffusion4j.objective.LossType;
import org.jspecify.annotations.Nullable;

/**
 * What an autoencoder learns beside giving the picture back.
 *
 * @param klWeight of the divergence of its latents from a normal distribution
 * @param featureWeight of the distance to a classifier's eye
 * @param classifier the folder of that classifier; {@code null} for none
 */
public record AutoencoderConfig(double klWeight, double featureWeight, @Nullable String classifier) {
    /** The weight of the divergence is that of latent diffusion's autoencoders. */
    public static final AutoencoderConfig DEFAULT = new AutoencoderConfig(1e-6, 0, null);

    public AutoencoderConfig {
        Check.notNegative(klWeight, "kl_weight");
        Check.notNegative(featureWeight, "feature_weight");
        Check.that(
                featureWeight == 0 || classifier != null,
                "feature_weight needs a classifier: give the folder of one that was trained on pictures of this kind");
    }

    AutoencoderConfig withClassifier(String folder) {
        return new AutoencoderConfig(klWeight, featureWeight, folder);
    }

    AutoencoderSettings settings(LossType loss) {
        return new AutoencoderSettings(loss, klWeight, featureWeight);
    }
}
