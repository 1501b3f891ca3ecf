// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import java.util.List;

/**
 * How a network learns to undo noise.
 *
 * @param lossType the distance between prediction and target
 * @param weighting of a picture's loss by its noise
 * @param drop how often a picture's condition is dropped
 * @param epochs of the whole run, for the schedule of {@code drop}
 * @param trackImageLoss whether {@link Objective.Task#tracked()} holds {@link DenoisingObjective#IMAGE_LOSS}; not for
 *     {@link LossType#HUBER}
 * @param labelWeights what the loss of a picture counts in the mean, by its label; none where all count 1
 * @param leastStrengths the least strength at which a picture sees the network's low-rank products, by its label: each picture's is drawn between it and
 *     1; none where all see them as they are
 */
public record DenoisingSettings(
        LossType lossType,
        LossWeighting weighting,
        ContextDrop drop,
        int epochs,
        boolean trackImageLoss,
        List<Double> labelWeights,
        List<Double> leastStrengths) {
    public DenoisingSettings {
        labelWeights = List.copyOf(labelWeights);
        labelWeights.forEach(weight -> Check.notNegative(weight, "a label's weight"));
        leastStrengths = List.copyOf(leastStrengths);
        leastStrengths.forEach(least -> Check.inRange(least, 0, 1, "a label's least strength"));
    }

    /** All pictures count alike. */
    public DenoisingSettings(
            LossType lossType, LossWeighting weighting, ContextDrop drop, int epochs, boolean trackImageLoss) {
        this(lossType, weighting, drop, epochs, trackImageLoss, List.of(), List.of());
    }

    /** Every condition counts, nothing else is tracked. */
    public static DenoisingSettings of(LossType lossType, LossWeighting weighting) {
        return new DenoisingSettings(lossType, weighting, ContextDrop.NONE, 1, false);
    }

    /** The same with a weight for each label. */
    public DenoisingSettings withLabelWeights(List<Double> value) {
        return new DenoisingSettings(lossType, weighting, drop, epochs, trackImageLoss, value, leastStrengths);
    }

    /** The same with a least strength for each label. */
    public DenoisingSettings withLeastStrengths(List<Double> value) {
        return new DenoisingSettings(lossType, weighting, drop, epochs, trackImageLoss, labelWeights, value);
    }

    /** Whether all pictures count 1. */
    boolean isUniform() {
        return weighting == LossWeighting.UNIFORM && labelWeights.isEmpty();
    }
}
