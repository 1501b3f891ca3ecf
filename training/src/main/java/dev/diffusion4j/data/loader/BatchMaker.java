// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.random.PassOrder;
import dev.diffusion4j.data.random.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Makes any batch of any epoch, from its number alone: the order of pictures depends on seed and pass, flips and crops on seed,
 * pass and picture. In place of a broken picture comes the next good one of the epoch's order, so all others keep their places.
 * Thread-safe.
 */
final class BatchMaker {
    /** Sets the random numbers for flips apart from those for orders. */
    private static final long FLIPS = 0x5DEECE66DL;

    private final BatchSource source;
    private final long[] shape;
    private final LoaderOptions options;
    private final PassOrder order;
    private final BrokenExamples broken = new BrokenExamples();
    /** (B, C, H, W) of a full batch. */
    long[] batchShape() {
        return of(options.batchSize());
    }

    private long[] of(int count) {
        return new long[] {count, shape[0], shape[1], shape[2]};
    }

    /** How many pictures an epoch has. */
    private final int epochSize;

    private volatile boolean stopped;

    BatchMaker(BatchSource source, LoaderOptions options) {
        this.source = source;
        this.shape = source.shape();
        this.options = options;
        this.order = options.order(source.size());
        this.epochSize = Math.multiplyExact(order.size(), options.repeat());
        if (batchesPerEpoch() == 0) {
            throw Problem.request(source.description() + " has " + source.size() + " pictures, too few for a batch of "
                    + options.wholeBatch());
        }
    }

    int batchesPerEpoch() {
        return options.batchesOf(order);
    }

    BrokenExamples broken() {
        return broken;
    }

    /** Ends what is being made; interrupting a thread would make the file that it reads look broken. */
    void stop() {
        stopped = true;
    }

    /** @param number counted over all epochs, from 0 */
    Batch make(long number) {
        int epoch = Math.toIntExact(number / batchesPerEpoch());
        int indexInEpoch = (int) (number % batchesPerEpoch());
        int whole = indexInEpoch * options.wholeBatch();
        BatchShare share = BatchShare.of(options.world(), Math.min(options.wholeBatch(), epochSize - whole));
        int start = whole + share.start();
        int count = share.count();
        int length = Math.toIntExact(shape[0] * shape[1] * shape[2]);
        float[] values = new float[Math.multiplyExact(count, length)];
        long[] labels = new long[count];
        List<@Nullable String> captions = new ArrayList<>(count);
        List<@Nullable String> exchanged = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            if (stopped) {
                throw new CancellationException("the loader was closed");
            }
            BatchSource.Row row = place(epoch, start + i, values, i * length);
            labels[i] = row.label();
            captions.add(row.caption());
            exchanged.add(row.exchanged());
        }
        return new Batch(values, of(count), labels, captions, exchanged, epoch, indexInEpoch, share);
    }

    /** The picture at a place of an epoch, or the next one that can be read. */
    private BatchSource.Row place(int epoch, int place, float[] values, int offset) {
        for (int skipped = 0; skipped < epochSize; skipped++) {
            int at = (place + skipped) % epochSize;
            if (!order.areAlike(place % order.size(), at % order.size())) {
                continue;
            }
            long pass = (long) epoch * options.repeat() + at / order.size();
            int index = order.index(pass, at % order.size());
            BatchSource.Row row = broken.contains(index) ? null : read(index);
            if (row != null) {
                row.fill(SeededRandom.of(options.seed() ^ FLIPS, pass, index), values, offset);
                return row;
            }
        }
        String which = options.firstKind() == 0 ? "none of the " + source.size() : "of one kind none of the";
        throw Problem.failure(which + " pictures of " + source.description() + " can be read; one of them: "
                + broken.reasons().get(0));
    }

    private BatchSource.@Nullable Row read(int index) {
        try {
            return source.read(index);
        } catch (BrokenExampleException e) {
            if (options.onBroken() == OnBroken.FAIL) {
                throw Problem.failure(Worded.marked(e) + " (on_broken: skip would pass over it)", e);
            }
            broken.add(index, String.valueOf(e.getMessage()));
            return null;
        }
    }
}
