// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import java.util.Map;

/**
 * Of what features are, and in what they were measured.
 *
 * @param pictures what was looked at, for people
 * @param picturesHash {@link PictureSet#contentHash()}
 * @param count how many pictures
 * @param classes how many of each class, by its number; empty where it is not known
 * @param extractor {@link FeatureExtractor#name()}
 * @param weightsHash SHA-256 of its weights
 * @param size pixels of a side of what it was shown
 * @param resize how pictures were brought to that
 */
public record FeatureOrigin(
        String pictures,
        String picturesHash,
        int count,
        Map<String, Integer> classes,
        String extractor,
        String weightsHash,
        int size,
        String resize) {
    /** For reading: every key has a value then. */
    static final FeatureOrigin EMPTY = new FeatureOrigin("", "", 0, Map.of(), "", "", 0, "");

    public FeatureOrigin {
        classes = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(classes));
    }

    /** Of what {@code extractor} makes of {@code pictures}. */
    public static FeatureOrigin of(FeatureExtractor extractor, PictureSet pictures) {
        return of(extractor, pictures.description(), pictures.contentHash(), pictures.size(), pictures.classes());
    }

    /** The same of pictures that are nowhere all at once. */
    public static FeatureOrigin of(
            FeatureExtractor extractor, String pictures, String picturesHash, int count, Map<String, Integer> classes) {
        return new FeatureOrigin(
                pictures,
                picturesHash,
                count,
                classes,
                extractor.name(),
                extractor.weightsHash(),
                extractor.size(),
                extractor.resize().key());
    }

    /** Whether the features of both were measured alike, so that distances between them mean something. */
    public boolean isLike(FeatureOrigin other) {
        return extractor.equals(other.extractor)
                && weightsHash.equals(other.weightsHash)
                && size == other.size
                && resize.equals(other.resize);
    }
}
