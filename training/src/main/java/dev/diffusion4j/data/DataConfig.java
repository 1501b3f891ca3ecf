// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.transform.ResizeMode;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which pictures a run learns from, and how they are prepared.
 *
 * @param source the data set: {@code digits}, {@code mnist}, {@code folder:PATH}, {@code hf:org/name} and others
 * @param imageSize the side of the squares that the network is given, in pixels; 0 for the source's own
 * @param channels how many channels they have
 * @param resize how a picture of another shape becomes a square
 * @param randomFlip whether half of the pictures, drawn anew each time, are mirrored
 * @param limit how many pictures to use, drawn by chance but always the same ones; 0 for all
 * @param onBroken what to do about a file that cannot be read
 * @param cache whether to keep decoded pictures
 * @param workers how many threads decode ahead; 0 for half of the processors
 * @param dropLast whether a last, smaller batch of an epoch is left out
 * @param repeat how often an epoch goes over the data, each time in another order
 * @param invert whether light and dark change places
 * @param validationShare share of the pictures that is held back from training, drawn by chance but always the same; a source
 *     whose test part is not trained on gives that part instead
 * @param normalize whether each channel is brought to mean 0 and variance 1 as measured on the training pictures, for schedulers
 *     that keep these numbers ({@code continuous-cosine})
 * @param imageColumn the column of pictures, where a data set has columns; {@code null} to find it
 * @param captionColumn the column of captions; {@code null} to find it
 * @param labelColumn the column of classes; {@code null} to find it
 * @param latents whether a network that learns in latents has those of each picture, and of its mirror image where there are flips,
 *     computed once before the training
 * @param textStates whether what text encoders make of each caption is computed once before the training, where they stay as they are
 */
public record DataConfig(
        String source,
        int imageSize,
        ChannelMode channels,
        ResizeMode resize,
        boolean randomFlip,
        int limit,
        OnBroken onBroken,
        CacheMode cache,
        int workers,
        boolean dropLast,
        int repeat,
        boolean invert,
        double validationShare,
        boolean normalize,
        @Nullable String imageColumn,
        @Nullable String captionColumn,
        @Nullable String labelColumn,
        KeepMode latents,
        KeepMode textStates) {

    /** The only place a default is written down. */
    public static final DataConfig DEFAULT = new DataConfig(
            "digits",
            0,
            ChannelMode.AUTO,
            ResizeMode.EXACT,
            false,
            0,
            OnBroken.SKIP,
            CacheMode.AUTO,
            0,
            false,
            1,
            false,
            0,
            false,
            null,
            null,
            null,
            KeepMode.LIVE,
            KeepMode.LIVE);

    public DataConfig {
        Check.that(!source.isBlank(), "source must not be empty");
        Check.inRange(imageSize, 0, 4096, "image_size");
        Check.notNegative(limit, "limit");
        Check.inRange(workers, 0, 256, "workers");
        Check.positive(repeat, "repeat");
        Check.that(
                validationShare >= 0 && validationShare < 1,
                "validation_share must lie in [0, 1), but was " + validationShare);
    }

    /** Which columns to take. */
    public ColumnChoice columns() {
        return new ColumnChoice(imageColumn, captionColumn, labelColumn);
    }

    /** How many threads decode ahead: what was asked for, or half of the processors, at least one. */
    public int workerThreads() {
        return workers > 0 ? workers : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** {@code DataConfig.DEFAULT.with(c -> c.source = …)}: the result is checked anew. */
    public DataConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    /** For an edit of what holds it. */
    public Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String source;
        public int imageSize;
        public ChannelMode channels;
        public ResizeMode resize;
        public boolean randomFlip;
        public int limit;
        public OnBroken onBroken;
        public CacheMode cache;
        public int workers;
        public boolean dropLast;
        public int repeat;
        public boolean invert;
        public double validationShare;
        public boolean normalize;
        public @Nullable String imageColumn;
        public @Nullable String captionColumn;
        public @Nullable String labelColumn;
        public KeepMode latents;
        public KeepMode textStates;

        private Draft(DataConfig from) {
            source = from.source;
            imageSize = from.imageSize;
            channels = from.channels;
            resize = from.resize;
            randomFlip = from.randomFlip;
            limit = from.limit;
            onBroken = from.onBroken;
            cache = from.cache;
            workers = from.workers;
            dropLast = from.dropLast;
            repeat = from.repeat;
            invert = from.invert;
            validationShare = from.validationShare;
            normalize = from.normalize;
            imageColumn = from.imageColumn;
            captionColumn = from.captionColumn;
            labelColumn = from.labelColumn;
            latents = from.latents;
            textStates = from.textStates;
        }

        /** Checks the values. */
        public DataConfig done() {
            return new DataConfig(
                    source,
                    imageSize,
                    channels,
                    resize,
                    randomFlip,
                    limit,
                    onBroken,
                    cache,
                    workers,
                    dropLast,
                    repeat,
                    invert,
                    validationShare,
                    normalize,
                    imageColumn,
                    captionColumn,
                    labelColumn,
                    latents,
                    textStates);
        }
    }
}
