// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.schedule.LambdaTable;

/**
 * What each output of a DPM-Solver step counts: differences of outputs stand for the derivatives D₁ and D₂. Arrays are newest
 * output first; {@code i} is the level of the newest.
 */
public final class DpmWeights {
    private DpmWeights() {}

    /** A step from the newest level, with slopes from the levels before: Lu et al. (2022), DPM-Solver++, algorithm 2. */
    public static double[] multistep(ExponentialStep step, LambdaTable levels, int i, int order, boolean heun) {
        if (order == 1 || step.isEmpty()) {
            return new double[] {step.constant()};
        }
        double h = levels.lambda(i + 1) - levels.lambda(i);
        double r0 = (levels.lambda(i) - levels.lambda(i - 1)) / h;
        if (order == 2) {
            double slope = slope(step, heun) / r0;
            return new double[] {step.constant() + slope, -slope};
        }
        double r1 = (levels.lambda(i - 1) - levels.lambda(i - 2)) / h;
        double share = r0 / (r0 + r1);
        double bend = step.quadratic() / (r0 + r1);
        double late = (step.linear() * (1 + share) + bend) / r0; // of m0 − m1
        double early = -(step.linear() * share + bend) / r1; // of m1 − m2
        return new double[] {step.constant() + late, early - late, -early};
    }

    /** A step from the oldest level over the newer ones: Lu et al. (2022), DPM-Solver, algorithms 1 and 2. */
    public static double[] singlestep(ExponentialStep step, LambdaTable levels, int i, int order, boolean heun) {
        if (order == 1) {
            return new double[] {step.constant()};
        }
        int from = i + 1 - order;
        double h = levels.lambda(i + 1) - levels.lambda(from);
        double r0 = (levels.lambda(i) - levels.lambda(from)) / h;
        if (order == 2) {
            double slope = slope(step, heun) / r0;
            return new double[] {slope, step.constant() - slope};
        }
        if (!heun) {
            double slope = step.linear() / r0; // the middle output is not used
            return new double[] {slope, 0, step.constant() - slope};
        }
        double r1 = (levels.lambda(i - 1) - levels.lambda(from)) / h;
        double newest = (2 * step.quadratic() - step.linear() * r1) / (r0 - r1) / r0; // of m0 − m2
        double middle = (step.linear() * r0 - 2 * step.quadratic()) / (r0 - r1) / r1; // of m1 − m2
        return new double[] {newest, middle, step.constant() - newest - middle};
    }

    private static double slope(ExponentialStep step, boolean heun) {
        return heun ? step.linear() : step.constant() / 2;
    }
}
