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
 * @param scalePictures of how many pictures the latents are measured when the network is saved, so that its {@code scaling_factor} brings
 *     them to a deviation of 1; 0 for the factor of its config
 */
public record AutoencoderConfig(double klWeight, double featureWeight, @Nullable String classifier, int scalePictures) {
    /** The weight of the divergence is that of latent diffusion's autoencoders. */
    public static final AutoencoderConfig DEFAULT = new AutoencoderConfig(1e-6, 0, null, 0);

    public AutoencoderConfig {
        Check.notNegative(klWeight, "kl_weight");
        Check.notNegative(featureWeight, "feature_weight");
        Check.notNegative(scalePictures, "scale_pictures");
        Check.that(
                featureWeight == 0 || classifier != null,
                "feature_weight needs a classifier: give the folder of one that was trained on pictures of this kind");
    }

    /** Of a network that keeps the factor of its config. */
    public AutoencoderConfig(double klWeight, double featureWeight, @Nullable String classifier) {
        this(klWeight, featureWeight, classifier, 0);
    }

    AutoencoderConfig withClassifier(String folder) {
        return new AutoencoderConfig(klWeight, featureWeight, folder, scalePictures);
    }

    AutoencoderSettings settings(LossType loss) {
        return new AutoencoderSettings(loss, klWeight, featureWeight);
    }
}
