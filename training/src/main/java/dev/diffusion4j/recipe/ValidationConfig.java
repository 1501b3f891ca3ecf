// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * What is measured on the pictures that are held back from training, by the averaged weights where there are any.
 *
 * @param everyEpochs after how many epochs, and after the last
 * @param everySteps after how many updates, besides; {@code null} for never
 * @param limit how many of the pictures at most, drawn by chance but always the same ones; 0 for all
 * @param kid the kernel distance of drawn pictures; {@code null} for the losses alone
 */
public record ValidationConfig(int everyEpochs, @Nullable Integer everySteps, int limit, @Nullable KidConfig kid) {
    public static final ValidationConfig DEFAULT = new ValidationConfig(1, 0, null);

    public ValidationConfig {
        Check.positive(everyEpochs, "every_epochs");
        if (everySteps != null) {
            Check.positive(everySteps, "every_steps");
        }
        Check.notNegative(limit, "limit");
    }

    /** After epochs alone. */
    public ValidationConfig(int everyEpochs, int limit, @Nullable KidConfig kid) {
        this(everyEpochs, null, limit, kid);
    }

    /** The same after so many updates, too. */
    public ValidationConfig withEverySteps(int steps) {
        return new ValidationConfig(everyEpochs, steps, limit, kid);
    }

    /** The same with another kernel distance; {@code null} for none. */
    ValidationConfig withKid(@Nullable KidConfig value) {
        return new ValidationConfig(everyEpochs, everySteps, limit, value);
    }

    /**
     * How the kernel distance is measured.
     *
     * @param extractor the folder of a classifier's model, whose layer before the last gives the features
     * @param steps denoising steps of a drawn picture
     * @param count how many are drawn; 0 for as many as there are held-back pictures
     * @param block pictures of a block, see {@link dev.diffusion4j.metric.KernelDistance#ofBlocks}
     * @param seed of the first drawn picture
     */
    public record KidConfig(String extractor, int steps, int count, int block, long seed) {
        public static final KidConfig DEFAULT = new KidConfig("runs/flower-classifier/model", 5, 0, 64, 100_000);

        public KidConfig {
            Check.that(!extractor.isBlank(), "extractor must name the folder of a classifier's model");
            Check.positive(steps, "steps");
            Check.notNegative(count, "count");
            Check.inRange(block, 2, 1 << 20, "block");
            Check.that(seed >= 0, "seed must be >= 0, but was " + seed);
        }
    }
}
