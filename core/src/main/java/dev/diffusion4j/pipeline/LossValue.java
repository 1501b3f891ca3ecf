// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/**
 * How far the pictures of a batch are from a guidance's goal, before it pushes.
 *
 * @param name of the guidance
 * @param mean of the pictures' losses
 * @param scale that the guidance was given; texts print {@code mean · scale}
 */
public record LossValue(String name, double mean, double scale) {
    /** The loss as texts print it. */
    public double scaled() {
        return mean * scale;
    }
}
