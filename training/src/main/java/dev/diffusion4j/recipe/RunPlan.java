// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

/**
 * What a run will be, known before it starts.
 *
 * @param recipe its name
 * @param data as text
 * @param parameters numbers that are learnt
 * @param doneSteps updates that an earlier part of the run made
 * @param totalSteps updates in all
 * @param stepsPerEpoch updates of a pass over the data
 * @param secondsPerStep as just tried
 * @param memoryMiB resident memory at its highest, as just tried; 0 where the system does not say
 * @param examplesPerStep pictures of an update
 * @param dtype {@code f32} or {@code bf16}
 * @param threads in all
 */
public record RunPlan(
        String recipe,
        String data,
        long parameters,
        long doneSteps,
        long totalSteps,
        long stepsPerEpoch,
        double secondsPerStep,
        long memoryMiB,
        int examplesPerStep,
        String dtype,
        int threads) {

    /** Of the updates that are left; previews not counted. */
    public double expectedSeconds() {
        return secondsPerStep * (totalSteps - doneSteps);
    }
}
