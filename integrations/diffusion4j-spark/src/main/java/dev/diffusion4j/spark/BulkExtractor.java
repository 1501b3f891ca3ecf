// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.evaluation.ExtractorChoice;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.model.inception.InceptionVariant;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The network in whose features distances are measured, in words that travel to executors; its file must be at the same place on each.
 *
 * @param inception a file with the weights of InceptionV3, or {@code null}
 * @param variant whose: {@code fid} or {@code torchvision}; {@code null} where the file says it
 * @param features a model folder with a classifier of this library, in place of {@code inception}, or {@code null}
 * @param size the side that Inception looks at; 0 for 299
 * @param resize how pictures are brought to it: {@code clean} or {@code legacy}
 * @param threads over how many threads an operation of an executor is spread; 0 for what LibTorch takes by itself
 */
public record BulkExtractor(
        @Nullable String inception,
        @Nullable String variant,
        @Nullable String features,
        int size,
        String resize,
        int threads)
        implements Serializable {

    public BulkExtractor {
        Check.notNegative(size, "{size}");
        Check.notNegative(threads, "{threads}");
        Keyed.fromKey(PictureResize.class, resize, "{resize}");
        if (variant != null) {
            Keyed.fromKey(InceptionVariant.class, variant, "{variant}");
        }
    }

    /** InceptionV3 with the weights of a file. */
    public static BulkExtractor inception(String file) {
        return new BulkExtractor(file, null, null, 0, PictureResize.CLEAN.key(), 0);
    }

    /** A classifier that was trained here: its model folder or run. */
    public static BulkExtractor classifier(String folder) {
        return new BulkExtractor(null, null, folder, 0, PictureResize.CLEAN.key(), 0);
    }

    /** {@code extractor.with(e -> e.threads = 4)}: the result is checked anew. */
    public BulkExtractor with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    ExtractorChoice toChoice() {
        return new ExtractorChoice(
                inception == null ? null : Path.of(inception),
                variant == null ? null : Keyed.fromKey(InceptionVariant.class, variant, "{variant}"),
                features == null ? null : Path.of(features),
                size,
                Keyed.fromKey(PictureResize.class, resize, "{resize}"));
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public @Nullable String inception;
        public @Nullable String variant;
        public @Nullable String features;
        public int size;
        public String resize;
        public int threads;

        private Draft(BulkExtractor from) {
            inception = from.inception;
            variant = from.variant;
            features = from.features;
            size = from.size;
            resize = from.resize;
            threads = from.threads;
        }

        private BulkExtractor done() {
            return new BulkExtractor(inception, variant, features, size, resize, threads);
        }
    }
}
