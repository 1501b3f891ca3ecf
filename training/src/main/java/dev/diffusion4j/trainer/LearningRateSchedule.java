// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;

/**
 * The learning rate's factor over time: a linear warm-up from 0, then one of the shapes of diffusers' {@code get_scheduler}.
 *
 * @param name the shape after the warm-up
 * @param warmupSteps steps of the warm-up
 * @param gamma of {@code exponential}: the factor of one epoch
 * @param power of {@code polynomial}
 * @param cycles of {@code cosine_with_restarts}
 */
public record LearningRateSchedule(Shape name, int warmupSteps, double gamma, double power, int cycles) {
    public static final LearningRateSchedule DEFAULT = new LearningRateSchedule(Shape.CONSTANT, 0, 0.9, 1, 1);

    /** The last rate of {@code polynomial}, relative to the first. */
    private static final double POLYNOMIAL_END = 1e-7;

    /** The keys are those of diffusers, with {@code exponential} of PyTorch's {@code ExponentialLR}. */
    public enum Shape implements Keyed {
        CONSTANT("constant"),
        CONSTANT_WITH_WARMUP("constant_with_warmup"),
        LINEAR("linear"),
        COSINE("cosine"),
        COSINE_WITH_RESTARTS("cosine_with_restarts"),
        POLYNOMIAL("polynomial"),
        EXPONENTIAL("exponential");

        private final String key;

        Shape(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public LearningRateSchedule {
        Check.notNegative(warmupSteps, "warmup_steps");
        Check.inRange(gamma, 0, 1, "gamma");
        Check.positive(power, "power");
        Check.positive(cycles, "cycles");
    }

    /**
     * The factor of the learning rate.
     *
     * @param step updates done so far, from 0
     * @param totalSteps of the whole run
     * @param epoch epochs finished so far, for {@code exponential}
     * @param baseRate the learning rate that is multiplied, for {@code polynomial}
     */
    public double factor(long step, long totalSteps, long epoch, double baseRate) {
        boolean warms = name != Shape.CONSTANT && name != Shape.EXPONENTIAL;
        if (warms && step < warmupSteps) {
            return (double) step / Math.max(1, warmupSteps);
        }
        double progress = Math.min(1, (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
        return switch (name) {
            case CONSTANT, CONSTANT_WITH_WARMUP -> 1;
            case LINEAR -> 1 - progress;
            case COSINE -> Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
            case COSINE_WITH_RESTARTS ->
                progress >= 1 ? 0 : Math.max(0, 0.5 * (1 + Math.cos(Math.PI * (cycles * progress % 1))));
            case POLYNOMIAL -> {
                double end = POLYNOMIAL_END / baseRate;
                yield (1 - end) * Math.pow(1 - progress, power) + end;
            }
            case EXPONENTIAL -> Math.pow(gamma, (double) epoch);
        };
    }
}
