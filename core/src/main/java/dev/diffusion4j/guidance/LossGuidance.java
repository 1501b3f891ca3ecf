// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import org.jspecify.annotations.Nullable;

/**
 * A loss with everything that says how it steers: before each step, x becomes x − scale · ∂loss(x̂₀)/∂x, Dhariwal &amp; Nichol
 * (2021) for any loss.
 *
 * @param name for the trace of losses
 * @param loss what falls
 * @param scale how strongly
 * @param gradient through what
 * @param strength of which mean the gradient is taken
 * @param schedule how the scale changes over the steps
 * @param repeats how often the gradient is drawn and averaged, for losses that look at random parts ({@code cuts})
 * @param clipGradient the largest push of one value, or {@code null}
 * @param from first step it acts in, as a share of all; 0 is the first
 * @param to last step it acts in, as a share of all; 1 is the last
 */
public record LossGuidance(
        String name,
        GuidanceLoss loss,
        double scale,
        Gradient gradient,
        Strength strength,
        ScaleSchedule schedule,
        int repeats,
        @Nullable Double clipGradient,
        double from,
        double to) {

    /** Through what the gradient goes. */
    public enum Gradient implements Keyed {
        /** From x to x̂₀ with the network's output as it is: costs almost nothing. */
        CHEAP("cheap"),
        /** Through the network too: keeps pictures closer to the data, at the cost of a backward pass. */
        EXACT("exact");

        private final String key;

        Gradient(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** Of which mean the gradient is taken. */
    public enum Strength implements Keyed {
        /** Each picture's own, scaled so that batch and size do not matter. */
        IMAGE("image"),
        /** The batch's: the push falls with the number of pictures and of pixels, as in the lesson. */
        SOURCE("source");

        /** The lesson's batch times the side of its pictures, where both are the same. */
        private static final double REFERENCE = 8 * 256;

        private final String key;

        Strength(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }

        /** What the sum of the pictures' losses is multiplied by. */
        public double factor(long batch, long height, long width) {
            return this == SOURCE ? 1.0 / batch : Math.sqrt((double) height * width) / REFERENCE;
        }
    }

    public LossGuidance {
        Check.that(Double.isFinite(scale), "the scale of guidance '" + name + "' must be a number, but was " + scale);
        Check.inRange(repeats, 1, 1024, "cuts");
        if (clipGradient != null) {
            Check.positive(clipGradient, "clip-grad");
        }
        Check.inRange(from, 0, 1, "from");
        Check.inRange(to, from, 1, "to");
    }

    /** Cheap, the same at any size and batch, constant over all steps. */
    public static LossGuidance of(String name, GuidanceLoss loss, double scale) {
        return new LossGuidance(
                name, loss, scale, Gradient.CHEAP, Strength.IMAGE, ScaleSchedule.CONSTANT, 1, null, 0, 1);
    }

    /** The same with another gradient. */
    public LossGuidance withGradient(Gradient value) {
        return new LossGuidance(name, loss, scale, value, strength, schedule, repeats, clipGradient, from, to);
    }

    /** The same with the gradient of another mean. */
    public LossGuidance withStrength(Strength value) {
        return new LossGuidance(name, loss, scale, gradient, value, schedule, repeats, clipGradient, from, to);
    }

    /** The same with another schedule. */
    public LossGuidance withSchedule(ScaleSchedule value) {
        return new LossGuidance(name, loss, scale, gradient, strength, value, repeats, clipGradient, from, to);
    }

    /** The same, averaged over so many draws. */
    public LossGuidance withRepeats(int value) {
        return new LossGuidance(name, loss, scale, gradient, strength, schedule, value, clipGradient, from, to);
    }

    /** The same with no value pushed further than this at a time. */
    public LossGuidance withClippedGradient(double value) {
        return new LossGuidance(name, loss, scale, gradient, strength, schedule, repeats, value, from, to);
    }

    /** The same in some steps only. */
    public LossGuidance during(double first, double last) {
        return new LossGuidance(name, loss, scale, gradient, strength, schedule, repeats, clipGradient, first, last);
    }

    /** @throws Problem (a wrong request) where its loss can do nothing with pictures of so many channels */
    public void checkChannels(int channels) {
        try {
            loss.checkChannels(channels);
        } catch (IllegalArgumentException e) {
            throw Problem.request("the guidance '" + name + "' " + Worded.marked(e));
        }
    }

    /** Whether it acts at this share of the steps. */
    public boolean isActive(double progress) {
        return progress >= from && progress <= to;
    }
}
