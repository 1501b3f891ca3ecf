// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;

/**
 * The noise level at which one network hands over to another within a run, Podell et al. (2023), 2.5: the rules of diffusers'
 * {@code denoising_end} and {@code denoising_start}.
 *
 * @param share of the trained timesteps, from the noisiest, that are the first network's, in (0, 1)
 */
public record HandOver(double share) {
    public HandOver {
        Check.that(share > 0 && share < 1, "a hand-over must lie between 0 and 1, but was " + share);
    }

    private double cutoff(Scheduler scheduler) {
        int trained = scheduler.numTrainTimesteps();
        return Math.rint(trained - share * trained);
    }

    /** The index of the call before which the first network's run ends: all calls from its first one on with a timestep of the cut or above are its. */
    public int end(SchedulerRun run, Scheduler scheduler) {
        double[] timesteps = run.timesteps();
        double cutoff = cutoff(scheduler);
        int end = run.stepIndex();
        for (int i = run.stepIndex(); i < timesteps.length; i++) {
            end += timesteps[i] >= cutoff ? 1 : 0;
        }
        return end;
    }

    /**
     * The second network's run, at its first call: the number of timesteps below the cut, counted from the run's end. With an
     * algorithm of two calls a step that number is made odd, as diffusers does.
     *
     * @throws IllegalArgumentException where no call is left
     */
    public SchedulerRun start(Scheduler scheduler, SamplingSettings settings) {
        SchedulerRun run = scheduler.newRun(settings);
        try {
            double[] timesteps = run.timesteps();
            double cutoff = cutoff(scheduler);
            int left = 0;
            for (double timestep : timesteps) {
                left += timestep < cutoff ? 1 : 0;
            }
            if (scheduler.order() == 2 && left % 2 == 0) {
                left++;
            }
            Check.that(
                    left > 0,
                    "the start of {refiner} is " + share + ", which leaves it none of " + settings.numInferenceSteps()
                            + " {steps}: give an earlier one, or more steps");
            run.begin(timesteps.length - left);
            return run;
        } catch (Throwable e) {
            run.close();
            throw e;
        }
    }
}
