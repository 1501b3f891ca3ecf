// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import java.util.function.Consumer;

/**
 * Settings of {@link AdamOptimizer}; the defaults are PyTorch's.
 *
 * @param name AdamW takes the decay from the weights, Adam adds it to the gradients
 * @param learningRate before the schedule's factor
 * @param beta1 share of the old mean of the gradients that a step keeps
 * @param beta2 share of the old mean of their squares that a step keeps
 * @param epsilon added to the root of that mean before it divides
 * @param weightDecay how fast the weights shrink
 * @param decayIndependentOfLr the decay is not multiplied by the learning rate (TensorFlow Addons' AdamW)
 */
public record AdamConfig(
        Variant name,
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        boolean decayIndependentOfLr) {

    public static final AdamConfig DEFAULT = new AdamConfig(Variant.ADAMW, 1e-3, 0.9, 0.999, 1e-8, 0.01, false);

    /** Kingma and Ba (2015), and Loshchilov and Hutter (2019). */
    public enum Variant implements Keyed {
        ADAM("adam"),
        ADAMW("adamw");

        private final String key;

        Variant(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public AdamConfig {
        Check.positive(learningRate, "learning_rate");
        Check.inRange(beta1, 0, 1, "beta1");
        Check.inRange(beta2, 0, 1, "beta2");
        Check.positive(epsilon, "epsilon");
        Check.notNegative(weightDecay, "weight_decay");
        Check.that(
                !decayIndependentOfLr || name == Variant.ADAMW,
                "decay_independent_of_lr needs the optimizer adamw, but it is adam");
    }

    /** {@code AdamConfig.DEFAULT.with(c -> c.name = …)}: the result is checked anew. */
    public AdamConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public Variant name;
        public double learningRate;
        public double beta1;
        public double beta2;
        public double epsilon;
        public double weightDecay;
        public boolean decayIndependentOfLr;

        private Draft(AdamConfig from) {
            name = from.name;
            learningRate = from.learningRate;
            beta1 = from.beta1;
            beta2 = from.beta2;
            epsilon = from.epsilon;
            weightDecay = from.weightDecay;
            decayIndependentOfLr = from.decayIndependentOfLr;
        }

        AdamConfig done() {
            return new AdamConfig(name, learningRate, beta1, beta2, epsilon, weightDecay, decayIndependentOfLr);
        }
    }
}
