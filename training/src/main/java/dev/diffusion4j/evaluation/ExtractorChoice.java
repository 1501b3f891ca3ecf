// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.ClassifierFeatures;
import dev.diffusion4j.metric.FeatureExtractor;
import dev.diffusion4j.metric.InceptionFeatures;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.model.inception.InceptionVariant;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * In what distances are to be measured: one of the first and the third is given.
 *
 * @param inception a file with the weights of InceptionV3
 * @param variant whose; {@code null} where the file says it
 * @param features a model folder with a classifier of our own
 * @param size the side that Inception looks at; 0 for 299
 * @param resize how pictures are brought to it
 */
public record ExtractorChoice(
        @Nullable Path inception,
        @Nullable InceptionVariant variant,
        @Nullable Path features,
        int size,
        PictureResize resize) {

    /** Whether there is one. */
    public boolean isGiven() {
        return inception != null || features != null;
    }

    /**
     * Reads the network; the caller closes it.
     *
     * @throws Problem (a wrong request) where none or two are given; (a failure) where its file cannot be read
     */
    public FeatureExtractor open() {
        if (inception != null && features != null) {
            throw Problem.request("{inception} and {features} are two extractors: give one of them");
        }
        if (inception != null) {
            return InceptionFeatures.open(inception, variant, size == 0 ? InceptionFeatures.USUAL_SIZE : size, resize);
        }
        if (features == null) {
            throw Problem.request("KID and FID need a network that looks at pictures: give {inception} FILE ("
                    + InceptionFeatures.HOW_TO_GET
                    + "), or {features} FOLDER with a classifier that diffuse train made, which is measured by its own"
                    + " name");
        }
        if (size != 0) {
            throw Problem.request("{featureSize} is for {inception}: a classifier looks at pictures of its own size");
        }
        LoadedClassifier loaded = LoadedClassifier.open(features);
        return new ClassifierFeatures(loaded.network(), loaded.weightsHash(), resize);
    }
}
