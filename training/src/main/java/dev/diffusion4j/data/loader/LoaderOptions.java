// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.random.EpochOrder;
import dev.diffusion4j.data.random.HalvesOrder;
import dev.diffusion4j.data.random.PassOrder;
import dev.diffusion4j.tensor.World;

/**
 * How batches are drawn from a data set.
 *
 * @param batchSize how many pictures a batch has; of several processes each one's part of it
 * @param dropLast whether a last, smaller batch of an epoch is left out
 * @param shuffle whether each pass over the data has another order; otherwise it is the data set's own
 * @param repeat how many passes make an epoch
 * @param workers how many threads prepare batches ahead; what the batches hold does not depend on it
 * @param onBroken what to do about a picture that cannot be read
 * @param seed of the order, the flips and the crops
 * @param firstBatch how many batches, counted over all epochs, are passed over: to go on where a run stopped
 * @param firstKind where it is above 0, each batch's first half is drawn from the first so many pictures, and its second half from the others
 * @param world of the processes that share each batch
 */
public record LoaderOptions(
        int batchSize,
        boolean dropLast,
        boolean shuffle,
        int repeat,
        int workers,
        OnBroken onBroken,
        long seed,
        long firstBatch,
        int firstKind,
        World world) {
    public LoaderOptions {
        Check.positive(batchSize, "batch_size");
        Check.positive(repeat, "repeat");
        Check.positive(workers, "workers");
        Check.that(firstBatch >= 0, "first_batch must be >= 0, but was " + firstBatch);
        Check.notNegative(firstKind, "first_kind");
    }

    /** Pictures of one kind. */
    public LoaderOptions(
            int batchSize,
            boolean dropLast,
            boolean shuffle,
            int repeat,
            int workers,
            OnBroken onBroken,
            long seed,
            long firstBatch) {
        this(batchSize, dropLast, shuffle, repeat, workers, onBroken, seed, firstBatch, 0, World.ALONE);
    }

    /** The same with batches of two halves. */
    public LoaderOptions withFirstKind(int value) {
        return new LoaderOptions(
                batchSize, dropLast, shuffle, repeat, workers, onBroken, seed, firstBatch, value, world);
    }

    /** The same for one of several processes. */
    public LoaderOptions withWorld(World value) {
        return new LoaderOptions(
                batchSize, dropLast, shuffle, repeat, workers, onBroken, seed, firstBatch, firstKind, value);
    }

    /** In which order the places of a pass are taken by so many pictures. */
    PassOrder order(int pictures) {
        return firstKind > 0
                ? new HalvesOrder(firstKind, pictures, wholeBatch(), seed)
                : new EpochOrder(pictures, shuffle, seed);
    }

    /** How many batches of all processes an epoch of so many pictures has. */
    public int batchesOf(int pictures) {
        return batchesOf(order(pictures));
    }

    int batchesOf(PassOrder order) {
        int epochSize = Math.multiplyExact(order.size(), repeat);
        int whole = wholeBatch();
        return dropLast ? epochSize / whole : (epochSize - 1) / whole + (epochSize == 0 ? 0 : 1);
    }

    /** How many pictures the batch of all processes has. */
    int wholeBatch() {
        return Math.multiplyExact(batchSize, world.size());
    }

    /** For training, as {@code config} says. */
    public static LoaderOptions training(DataConfig config, int batchSize, long seed, long firstBatch) {
        return new LoaderOptions(
                batchSize,
                config.dropLast(),
                true,
                config.repeat(),
                config.workerThreads(),
                config.onBroken(),
                seed,
                firstBatch);
    }

    /** Each picture once, in the data set's order: for measuring. */
    public static LoaderOptions inOrder(DataConfig config, int batchSize) {
        return new LoaderOptions(batchSize, false, false, 1, config.workerThreads(), config.onBroken(), 0, 0);
    }
}
