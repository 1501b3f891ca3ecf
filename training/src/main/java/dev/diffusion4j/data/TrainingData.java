// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.BatchSource;
import dev.diffusion4j.data.loader.LoaderOptions;
import dev.diffusion4j.data.transform.ImageTransform;
import dev.diffusion4j.data.transform.StandardTransform;
import dev.diffusion4j.data.view.JoinedDataset;
import dev.diffusion4j.data.view.KeptDataset;
import dev.diffusion4j.data.view.Subset;
import dev.diffusion4j.tensor.World;
import java.util.List;

/** A data set made ready as a {@link DataConfig} says: opened, cut to its limit, kept in memory where that is configured. */
public final class TrainingData implements AutoCloseable {
    private final DataConfig config;
    private final Dataset dataset;
    private final StandardTransform transform;
    private final int firstKind;

    private TrainingData(DataConfig config, Dataset dataset, StandardTransform transform, int firstKind) {
        this.config = config;
        this.dataset = dataset;
        this.transform = transform;
        this.firstKind = firstKind;
    }

    /**
     * Opens what {@code config} names; the caller closes it.
     *
     * @throws dev.diffusion4j.base.Problem as {@link DataSources#open(String, SourceOptions)}
     */
    public static TrainingData open(DataConfig config, SourceOptions options) {
        Dataset opened = openSource(config, options);
        boolean split =
                config.validationShare() > 0 && DataSpec.parse(config.source()).testPart() == null;
        return kept(config, opened, split);
    }

    /**
     * The data set that {@code config} names, as it is; the caller closes it.
     *
     * @throws dev.diffusion4j.base.Problem as {@link DataSources#open(String, SourceOptions)}
     */
    public static Dataset openSource(DataConfig config, SourceOptions options) {
        return DataSources.open(config.source(), sized(config, options));
    }

    /**
     * The pictures that {@code config} holds back from training, for measuring; never mirrored. The caller closes it.
     *
     * @throws dev.diffusion4j.base.Problem (a wrong request) where none are held back
     */
    public static TrainingData openHeldBack(DataConfig config, SourceOptions options) {
        SourceOptions sized = sized(config, options);
        String testPart = DataSpec.parse(config.source()).testPart();
        if (testPart != null) {
            return prepared(config, limited(config, DataSources.open(testPart, sized)), false);
        }
        return heldBackOf(config, DataSources.open(config.source(), sized));
    }

    private static SourceOptions sized(DataConfig config, SourceOptions options) {
        return options.withImageSize(config.imageSize()).withColumns(config.columns());
    }

    /** As {@link #openHeldBack}, of another data set, which it then owns. */
    public static TrainingData heldBackOf(DataConfig config, Dataset source) {
        if (config.validationShare() == 0) {
            throw Problem.request(
                    "the recipe measures on pictures that are held back from training, but data.validation_share"
                            + " is 0: set it to 0.2, or omit the recipe's validation");
        }
        return prepared(config, Subset.split(limited(config, source), config.validationShare(), true), false);
    }

    /** With a data set of the caller's, which it then owns; {@code config.source()} is not looked at. */
    public static TrainingData of(DataConfig config, Dataset source) {
        return kept(config, source, config.validationShare() > 0);
    }

    /**
     * Of two data sets, which it then owns, in batches whose first half is of the one and whose second half is of the other.
     *
     * @param first cut to the limit that is configured
     */
    public static TrainingData ofTwo(DataConfig config, Dataset first, Dataset second) {
        Dataset cut = limited(config, first);
        Dataset both = new JoinedDataset(cut.description() + " beside " + second.description(), List.of(cut, second));
        TrainingData all = prepared(config, both, config.randomFlip());
        return new TrainingData(config, all.dataset, all.transform, cut.size());
    }

    private static TrainingData kept(DataConfig config, Dataset source, boolean split) {
        Dataset cut = limited(config, source);
        return prepared(config, split ? Subset.split(cut, config.validationShare(), false) : cut, config.randomFlip());
    }

    private static Dataset limited(DataConfig config, Dataset source) {
        boolean cut = config.limit() > 0 && config.limit() < source.size();
        return cut ? Subset.sample(source, config.limit()) : source;
    }

    private static TrainingData prepared(DataConfig config, Dataset dataset, boolean randomFlip) {
        int side = config.imageSize() > 0 ? config.imageSize() : dataset.naturalSize();
        int channels = config.channels().channelsOf(dataset);
        StandardTransform transform =
                new StandardTransform(channels, side, config.resize(), randomFlip, config.invert());
        boolean free = dataset.isCheap() && side == dataset.naturalSize() && channels == dataset.channels();
        boolean wanted = config.cache() == CacheMode.MEMORY || !free;
        long bytes = (long) side * side * channels;
        if (wanted && config.cache().keeps(dataset.size(), bytes)) {
            dataset = new KeptDataset(dataset, transform, bytes);
        }
        return new TrainingData(config, dataset, transform, 0);
    }

    /** With so many pictures at most, drawn by chance but always the same ones; 0 for all. This must not be used any more. */
    public TrainingData limitedTo(int limit) {
        return limit == 0 || limit >= dataset.size()
                ? this
                : new TrainingData(config, Subset.sample(dataset, limit), transform, 0);
    }

    /** The pictures; where they are kept in memory, already resized. */
    public Dataset dataset() {
        return dataset;
    }

    /** What pictures will take, in bytes, that are kept in memory once they were asked for, if so many more are: 0 where none are kept. */
    public long bytesToCome(long examples) {
        return dataset instanceof KeptDataset kept
                ? CacheMode.taken(Math.min(examples, kept.missing()), kept.bytes())
                : 0;
    }

    /** From them to what a network is given. */
    public ImageTransform transform() {
        return transform;
    }

    /** Shuffled batches for training; the caller closes it before this. */
    public BatchLoader loader(int batchSize, long seed, long firstBatch) {
        return loader(World.ALONE, batchSize, seed, firstBatch);
    }

    /** One process's part of shuffled batches for training, {@code batchSize} pictures each; the caller closes it before this. */
    public BatchLoader loader(World world, int batchSize, long seed, long firstBatch) {
        return new BatchLoader(dataset, transform, options(world, batchSize, seed, firstBatch));
    }

    /** As {@link #loader(World, int, long, long)}, of what was computed of the pictures before. */
    public BatchLoader loader(BatchSource computed, World world, int batchSize, long seed, long firstBatch) {
        return new BatchLoader(computed, options(world, batchSize, seed, firstBatch));
    }

    private LoaderOptions options(World world, int batchSize, long seed, long firstBatch) {
        return LoaderOptions.training(config, batchSize, seed, firstBatch)
                .withFirstKind(firstKind)
                .withWorld(world);
    }

    /** How many batches an epoch has, of so many pictures for each process. */
    public int batchesPerEpoch(World world, int batchSize) {
        return options(world, batchSize, 0, 0).batchesOf(dataset.size());
    }

    /** How the pictures are prepared, and which they are. */
    public DataConfig config() {
        return config;
    }

    /** The same pictures, never mirrored; borrowed from this. */
    public ImageTransform plainTransform() {
        return new StandardTransform(transform.channels(), transform.height(), config.resize(), false, config.invert());
    }

    /** Batches in the data set's order, for measuring; one pass is {@link BatchLoader#batchesPerEpoch} batches. */
    public BatchLoader inOrder(int batchSize) {
        return inOrder(World.ALONE, batchSize);
    }

    /** As {@link #inOrder(int)}, one process's part of each batch, {@code batchSize} pictures. */
    public BatchLoader inOrder(World world, int batchSize) {
        return new BatchLoader(
                dataset, transform, LoaderOptions.inOrder(config, batchSize).withWorld(world));
    }

    @Override
    public void close() {
        dataset.close();
    }
}
