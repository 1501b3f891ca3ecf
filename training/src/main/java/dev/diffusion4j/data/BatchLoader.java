// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Endless shuffled batches, the same for the same seed, from any place on: which pictures a batch holds and how they are flipped
 * and cropped depends on seed, epoch and place alone.
 */
public final class BatchLoader implements AutoCloseable {
    private final Dataset dataset;
    private final ImageTransform transform;
    private final int batchSize;
    private final boolean dropLast;
    private final long seed;
    private int epoch;
    private int indexInEpoch;
    private long[] order = {};
    private int orderEpoch = -1;

    /**
     * @param dropLast whether a last, smaller batch of an epoch is left out
     * @param firstBatch how many batches, counted over all epochs, are passed over
     */
    public BatchLoader(
            Dataset dataset, ImageTransform transform, int batchSize, boolean dropLast, long seed, long firstBatch) {
        Check.positive(batchSize, "batch_size");
        if (dataset.size() == 0 || dropLast && dataset.size() < batchSize) {
            throw UserError.usage(dataset.description() + " has " + dataset.size() + " pictures, too few for a batch of " + batchSize);
        }
        this.dataset = dataset;
        this.transform = transform;
        this.batchSize = batchSize;
        this.dropLast = dropLast;
        this.seed = seed;
        this.epoch = Math.toIntExact(firstBatch / batchesPerEpoch());
        this.indexInEpoch = (int) (firstBatch % batchesPerEpoch());
    }

    /** How many batches a pass over the data has. */
    public int batchesPerEpoch() {
        return dropLast ? dataset.size() / batchSize : (dataset.size() + batchSize - 1) / batchSize;
    }

    /** The next batch. */
    public Batch next() {
        if (orderEpoch != epoch) {
            order = permutation(epoch);
            orderEpoch = epoch;
        }
        int start = indexInEpoch * batchSize;
        int count = Math.min(batchSize, dataset.size() - start);
        int size = transform.channels() * transform.height() * transform.width();
        float[] values = new float[count * size];
        long[] labels = new long[count];
        List<@Nullable String> captions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int index = (int) order[start + i];
            Example example = dataset.example(index);
            transform.apply(example.image(), random(epoch, index), values, i * size);
            labels[i] = example.label();
            captions.add(example.caption());
        }
        long[] shape = {count, transform.channels(), transform.height(), transform.width()};
        Batch batch = new Batch(values, shape, labels, captions, epoch, indexInEpoch);
        indexInEpoch++;
        if (indexInEpoch == batchesPerEpoch()) {
            indexInEpoch = 0;
            epoch++;
        }
        return batch;
    }

    private long[] permutation(int ofEpoch) {
        try (RandomStream random = new RandomStream(new SplittableRandom(seed).nextLong() >>> 1 ^ ofEpoch)) {
            return TensorScope.compute(() -> Tensors.longs(random.randperm(dataset.size())));
        }
    }

    private SplittableRandom random(int ofEpoch, int index) {
        return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + ofEpoch * 0xD1B54A32D192ED03L + index);
    }

    @Override
    public void close() {}
}
