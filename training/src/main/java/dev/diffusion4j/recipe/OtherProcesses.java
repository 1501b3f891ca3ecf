// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.tensor.World;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run that goes on with another number of processes, whose batches are larger or smaller: what is done of an epoch stays done, as far as
 * batches can tell.
 *
 * @param data borrowed
 * @param before how many processes the run had
 */
record OtherProcesses(Recipe recipe, TrainingData data, World world, int before) {
    private static final Logger LOG = LoggerFactory.getLogger(OtherProcesses.class);

    /** As many batches of now as stand for {@code done} of before. */
    long batches(long done) {
        if (before == world.size()) {
            return done;
        }
        int batch = recipe.training().batchSize();
        LOG.warn(
                "the run had {} and goes on with {}: an update now takes {} pictures in place of {}, what is drawn differs, and the"
                        + " learning rate stays as it is",
                named(before),
                named(world.size()),
                (long) batch * world.size(),
                (long) batch * before);
        long perEpochBefore = data.batchesPerEpoch(new World(0, before), batch);
        long perEpoch = data.batchesPerEpoch(world, batch);
        long inEpoch = done % perEpochBefore;
        return done / perEpochBefore * perEpoch + Math.min(perEpoch - 1, inEpoch * before / world.size());
    }

    private static String named(int processes) {
        return processes == 1 ? "one process" : processes + " processes";
    }
}
