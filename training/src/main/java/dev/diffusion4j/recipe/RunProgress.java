// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.util.Map;

/**
 * One update of a run.
 *
 * @param step updates so far, this one included
 * @param totalSteps of the whole run
 * @param epoch from 1
 * @param loss of the update
 * @param epochMeanLoss mean of the epoch's batch losses so far
 * @param last100 mean of the last hundred losses
 * @param learningRate that it was made with
 * @param imagesPerSecond of this update
 * @param scalars what else the objective reports of the epoch, by short names
 */
public record RunProgress(
        long step,
        long totalSteps,
        int epoch,
        double loss,
        double epochMeanLoss,
        double last100,
        double learningRate,
        double imagesPerSecond,
        Map<String, Double> scalars) {}
