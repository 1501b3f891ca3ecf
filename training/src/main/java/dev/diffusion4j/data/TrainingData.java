// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

/** A data set made ready as a {@link DataConfig} says: opened, cut to its limit, kept in memory where that is wanted. */
public final class TrainingData implements AutoCloseable {
    private final DataConfig config;
    private final Dataset dataset;
    private final StandardTransform transform;

    private TrainingData(DataConfig config, Dataset dataset, StandardTransform transform) {
        this.config = config;
        this.dataset = dataset;
        this.transform = transform;
    }

    /**
     * Opens what {@code config} names; the caller closes it.
     *
     * @throws dev.diffusion4j.base.UserError as {@link DataSources#open(String, SourceOptions)}
     */
    public static TrainingData open(DataConfig config, SourceOptions options) {
        Dataset opened = DataSources.open(config.source(), options.withImageSize(config.imageSize()));
        return of(config, opened);
    }

    /** With a data set of one's own, which it then owns; {@code config.source()} is not looked at. */
    public static TrainingData of(DataConfig config, Dataset source) {
        boolean cut = config.limit() > 0 && config.limit() < source.size();
        Dataset dataset = cut ? Subset.sample(source, config.limit()) : source;
        int side = config.imageSize() > 0 ? config.imageSize() : dataset.naturalSize();
        int channels = config.channels().channelsOf(dataset);
        StandardTransform transform =
                new StandardTransform(channels, side, config.resize(), config.randomFlip(), config.invert());
        boolean free = dataset.isCheap() && side == dataset.naturalSize() && channels == dataset.channels();
        boolean wanted = config.cache() == CacheMode.MEMORY || !free;
        if (wanted && config.cache().keeps(dataset.size(), (long) side * side * channels)) {
            dataset = new KeptDataset(dataset, transform);
        }
        return new TrainingData(config, dataset, transform);
    }

    /** The pictures; where they are kept in memory, already resized. */
    public Dataset dataset() {
        return dataset;
    }

    /** From them to what a network is given. */
    public ImageTransform transform() {
        return transform;
    }

    /** Shuffled batches for training; the caller closes it before this. */
    public BatchLoader loader(int batchSize, long seed, long firstBatch) {
        return new BatchLoader(dataset, transform, LoaderOptions.training(config, batchSize, seed, firstBatch));
    }

    /** Batches in the data set's order, for measuring; one pass is {@link BatchLoader#batchesPerEpoch} batches. */
    public BatchLoader inOrder(int batchSize) {
        return new BatchLoader(dataset, transform, LoaderOptions.inOrder(config, batchSize));
    }

    @Override
    public void close() {
        dataset.close();
    }
}
