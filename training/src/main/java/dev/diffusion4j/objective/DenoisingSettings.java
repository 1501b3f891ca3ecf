// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

/**
 * How a network learns to undo noise.
 *
 * @param lossType the distance between prediction and target
 * @param weighting of a picture's loss by its noise
 * @param drop how often a picture's condition is dropped
 * @param epochs of the whole run, for the schedule of {@code drop}
 * @param trackImageLoss whether {@link Objective.Task#tracked()} holds {@link DenoisingObjective#IMAGE_LOSS}; not for
 *     {@link LossType#HUBER}
 */
public record DenoisingSettings(
        LossType lossType, LossWeighting weighting, ContextDrop drop, int epochs, boolean trackImageLoss) {
    /** Every condition counts, nothing else is tracked. */
    public static DenoisingSettings of(LossType lossType, LossWeighting weighting) {
        return new DenoisingSettings(lossType, weighting, ContextDrop.NONE, 1, false);
    }
}
