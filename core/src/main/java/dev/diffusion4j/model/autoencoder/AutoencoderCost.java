// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.model.PassCost;
import dev.diffusion4j.model.SampleSize;

/**
 * Adds up what a pass through half of an {@link AutoencoderKl} costs, for one picture.
 *
 * @param size of the picture
 */
record AutoencoderCost(AutoencoderKlConfig config, SampleSize size) {

    private double pixels(int level) {
        return Math.ceil((double) size.height() * size.width() / (1L << 2 * level));
    }

    private int width(int level) {
        return config.blockOutChannels().get(level);
    }

    private int last() {
        return config.blockOutChannels().size() - 1;
    }

    PassCost encode() {
        PassCost.Sum sum = new PassCost.Sum(1);
        sum.keep(config.inChannels() * pixels(0));
        sum.convolution(config.inChannels(), width(0), 3, pixels(0));
        for (int level = 0; level <= last(); level++) {
            for (int i = 0; i < config.layersPerBlock(); i++) {
                sum.residual(i == 0 ? width(Math.max(level - 1, 0)) : width(level), width(level), pixels(level));
            }
            if (level < last()) {
                sum.halving(width(level), pixels(level + 1));
            }
        }
        middle(sum);
        return sum.toCost();
    }

    PassCost decode() {
        PassCost.Sum sum = new PassCost.Sum(1);
        sum.convolution(config.latentChannels(), width(last()), 3, pixels(last()));
        middle(sum);
        for (int level = last(); level >= 0; level--) {
            for (int i = 0; i <= config.layersPerBlock(); i++) {
                sum.residual(i == 0 ? width(Math.min(level + 1, last())) : width(level), width(level), pixels(level));
            }
            if (level > 0) {
                sum.doubling(width(level), pixels(level - 1));
            }
        }
        sum.convolution(width(0), config.outChannels(), 3, pixels(0));
        sum.alive((2.0 * width(0) + config.outChannels()) * pixels(0));
        return sum.toCost();
    }

    private void middle(PassCost.Sum sum) {
        double width = width(last());
        double tokens = pixels(last());
        sum.residual(width, width, tokens);
        if (config.midBlockAddAttention()) {
            sum.product(width, 4 * width, tokens);
            sum.attention(width, tokens, tokens);
            sum.alive(6 * width * tokens);
        }
        sum.residual(width, width, tokens);
    }
}
