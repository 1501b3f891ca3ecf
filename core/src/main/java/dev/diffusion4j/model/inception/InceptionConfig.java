// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.inception;

/**
 * The config of an {@link InceptionV3}.
 *
 * @param variant which of the two
 */
public record InceptionConfig(InceptionVariant variant) {
    public static final InceptionConfig DEFAULT = new InceptionConfig(InceptionVariant.FID);
}
