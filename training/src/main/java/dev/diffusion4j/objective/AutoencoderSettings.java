// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;

/**
 * What an autoencoder is to learn; the sum of three losses.
 *
 * @param loss how far a picture's reconstruction is from the picture, the mean over all values
 * @param klWeight of the divergence of a picture's latent from a normal distribution, the sum over all of the latent's values
 * @param featureWeight of the distance in a classifier's activations
 */
public record AutoencoderSettings(LossType loss, double klWeight, double featureWeight) {
    public AutoencoderSettings {
        Check.notNegative(klWeight, "kl_weight");
        Check.notNegative(featureWeight, "feature_weight");
    }
}
