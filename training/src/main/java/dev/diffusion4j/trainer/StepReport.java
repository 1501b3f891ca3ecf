// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import java.util.Map;

/**
 * One update.
 *
 * @param globalStep updates so far, this one included
 * @param totalSteps of the whole run
 * @param epoch from 0
 * @param endsEpoch whether it is the last of its epoch
 * @param loss mean over the update's examples
 * @param learningRate that it was made with
 * @param gradNorm the gradients' norm before the cut; NaN where it is not cut
 * @param epochMeanLoss mean of the epoch's batch losses so far
 * @param examples how many examples the update saw
 * @param scalars what else the objective reports of the epoch
 * @param seconds it took
 * @param tracked other means over the update's examples, by name
 * @param epochMeanTracked the same of the epoch so far
 */
public record StepReport(
        long globalStep,
        long totalSteps,
        int epoch,
        boolean endsEpoch,
        double loss,
        double learningRate,
        double gradNorm,
        double epochMeanLoss,
        int examples,
        Map<String, Double> scalars,
        double seconds,
        Map<String, Double> tracked,
        Map<String, Double> epochMeanTracked) {}
