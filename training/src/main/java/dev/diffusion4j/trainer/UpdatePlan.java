// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * How batches make updates, as Python's {@code accelerate} has it: {@code accumulation} batches each, and fewer where an epoch
 * ends, so that an update never reaches into the next epoch. Each batch's gradient counts {@code 1/accumulation}, in a shorter
 * update too.
 *
 * @param batchesPerEpoch batches of a pass over the data
 * @param accumulation batches of an update
 * @param epochs passes over the data
 * @param maxSteps updates at most; {@code null} for all of the epochs
 */
public record UpdatePlan(int batchesPerEpoch, int accumulation, int epochs, @Nullable Integer maxSteps) {
    public UpdatePlan {
        Check.positive(batchesPerEpoch, "batches_per_epoch");
        Check.positive(accumulation, "gradient_accumulation_steps");
        Check.positive(epochs, "epochs");
    }

    /** Updates of a pass over the data. */
    public long stepsPerEpoch() {
        return (batchesPerEpoch - 1) / accumulation + 1L;
    }

    /** Batches of the update that follows {@code batchesDone} batches. */
    public int batchesOfNextStep(long batchesDone) {
        return (int) Math.min(accumulation, batchesPerEpoch - batchesDone % batchesPerEpoch);
    }

    /** Batches of an update, on average. */
    public double batchesPerStep() {
        return (double) batchesPerEpoch / stepsPerEpoch();
    }

    /** The epoch, from 0, of the batch that follows {@code batchesDone} batches: how many epochs are finished. */
    public int epochAfter(long batchesDone) {
        return Math.toIntExact(batchesDone / batchesPerEpoch);
    }

    /** Whether an epoch ends with the last of {@code batchesDone} batches. */
    public boolean endsEpoch(long batchesDone) {
        return batchesDone % batchesPerEpoch == 0;
    }

    /**
     * Updates of the whole run, which is the same number at each of its updates. Earlier versions made updates that reached over
     * an epoch's end, so that a run of theirs may be anywhere in an epoch; it makes what updates are left from there.
     *
     * @param stepsDone updates so far
     * @param batchesDone batches that they took
     */
    public long totalSteps(long stepsDone, long batchesDone) {
        long steps = stepsDone;
        if (epochAfter(batchesDone) < epochs) {
            long inEpoch = batchesDone % batchesPerEpoch;
            long leftOfEpoch = (batchesPerEpoch - inEpoch - 1) / accumulation + 1;
            steps += leftOfEpoch + (epochs - 1L - epochAfter(batchesDone)) * stepsPerEpoch();
        }
        return maxSteps == null ? steps : Math.min(steps, maxSteps);
    }
}
