// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A measured number with all that decides whether another may stand beside it.
 *
 * @param metric {@code kid}, {@code fid}, {@code class_fidelity} or {@code clip_score}
 * @param value the number
 * @param standardError of {@code value}; {@code null} where none is known
 * @param n pictures that were judged
 * @param nReference pictures that they were compared with; 0 where there are none
 * @param extractor {@link FeatureExtractor#name()}, or the judge's name
 * @param weightsHash SHA-256 of its weights
 * @param size pixels of a side of what it was shown
 * @param resize how pictures were brought to that
 * @param subsets of a KID
 * @param subsetSize of a KID
 * @param seed of what was drawn by chance while measuring
 * @param pictures what was judged
 * @param picturesHash of its pixels
 * @param reference what it was compared with; empty where there is none
 * @param referenceHash of its pixels
 * @param classes how many pictures of each class were judged, by its number; empty where it is not known
 * @param drawn how the pictures were made: model, scheduler, steps, seed, …; empty for pictures of a folder
 */
public record Figure(
        String metric,
        double value,
        @Nullable Double standardError,
        int n,
        int nReference,
        String extractor,
        String weightsHash,
        int size,
        String resize,
        int subsets,
        int subsetSize,
        long seed,
        String pictures,
        String picturesHash,
        String reference,
        String referenceHash,
        Map<String, Integer> classes,
        Map<String, @Nullable Object> drawn) {
    /** Squared kernel distance, {@link KernelDistance}. */
    public static final String KID = "kid";
    /** {@link FrechetDistance}. */
    public static final String FID = "fid";
    /** {@link ClassFidelity}'s share. */
    public static final String CLASS_FIDELITY = "class_fidelity";
    /** {@link ClipScore}; its reference is the text. */
    public static final String CLIP_SCORE = "clip_score";

    private static final int VALUE_DIGITS = 5;
    private static final int ERROR_DIGITS = 2;
    private static final double LEAST_PLAIN = 1e-4;

    /** For reading: every key has a value then. */
    static final Figure EMPTY =
            new Figure("none", 0, null, 0, 0, "", "", 0, "", 0, 0, 0, "", "", "", "", Map.of(), Map.of());

    public Figure {
        Check.finite(value, metric);
        Check.that(
                standardError == null || Double.isFinite(standardError),
                "a standard error is a number or not there, but was " + standardError);
        classes = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(classes));
        drawn = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(drawn));
    }

    /**
     * A KID and an FID, in this order.
     *
     * @param seed of the KID's subsets
     * @param drawn how the pictures were made, for the record
     */
    public static List<Figure> ofDistances(
            FeatureOrigin pictures,
            FeatureOrigin reference,
            KernelDistance kid,
            long seed,
            double fid,
            Map<String, @Nullable Object> drawn) {
        Figure base = new Figure(
                KID,
                kid.mean(),
                isOneSubset(kid, pictures, reference) ? null : kid.standardError(),
                pictures.count(),
                reference.count(),
                pictures.extractor(),
                pictures.weightsHash(),
                pictures.size(),
                pictures.resize(),
                kid.subsets(),
                kid.subsetSize(),
                seed,
                pictures.pictures(),
                pictures.picturesHash(),
                reference.pictures(),
                reference.picturesHash(),
                pictures.classes(),
                drawn);
        return List.of(base, base.as(FID, fid));
    }

    /** Nothing is known of how the mean would vary where there is one subset, or all of them are all of the pictures. */
    private static boolean isOneSubset(KernelDistance kid, FeatureOrigin pictures, FeatureOrigin reference) {
        int size = kid.subsetSize();
        return kid.subsets() == 1 || pictures.count() == size && reference.count() == size;
    }

    /** Another metric of the same pictures in the same features, without subsets. */
    public Figure as(String otherMetric, double otherValue) {
        return new Figure(
                otherMetric,
                otherValue,
                null,
                n,
                nReference,
                extractor,
                weightsHash,
                size,
                resize,
                0,
                0,
                0,
                pictures,
                picturesHash,
                reference,
                referenceHash,
                classes,
                drawn);
    }

    /** The number for people, with its standard error: {@code 0.0123 ± 0.0004}; a share in percent. */
    public String text() {
        if (metric.equals(CLASS_FIDELITY)) {
            String percent = String.format(Locale.ROOT, "%.1f", 100 * value);
            return standardError == null
                    ? percent + " %"
                    : percent + String.format(Locale.ROOT, " ± %.1f %%", 100 * standardError);
        }
        return standardError == null
                ? brief(value, VALUE_DIGITS)
                : brief(value, VALUE_DIGITS) + " ± " + brief(standardError, ERROR_DIGITS);
    }

    private static String brief(double number, int digits) {
        BigDecimal rounded =
                new BigDecimal(number).round(new MathContext(digits)).stripTrailingZeros();
        return Math.abs(number) < LEAST_PLAIN && number != 0
                ? String.format(Locale.ROOT, "%." + (digits - 1) + "e", number)
                : rounded.toPlainString();
    }

    /** Of how many pictures and in what it was measured, for people. */
    public String terms() {
        String against = reference.isEmpty()
                ? ""
                : nReference == 0
                        ? " and '" + reference + "'"
                        : String.format(Locale.ROOT, " against %d of %s", nReference, reference);
        String drawing = subsets == 0
                ? ""
                : String.format(Locale.ROOT, "; %d subsets of %d, seed %d", subsets, subsetSize, seed);
        return String.format(
                Locale.ROOT,
                "%d%s%s; %s %s, %d px, %s%s",
                n,
                classes.isEmpty() ? "" : " of classes " + ClassMix.text(classes),
                against,
                extractor,
                brief(weightsHash),
                size,
                resize,
                drawing);
    }

    /** The keys and values of a line of JSON. */
    public Map<String, @Nullable Object> toMap() {
        return Records.toMap(this);
    }

    /** From {@link #toMap()}; keys that are not known are passed over. */
    static Figure of(Map<String, @Nullable Object> map, String where) {
        return Records.bindKnown(EMPTY, map, where).value();
    }

    /**
     * Why {@code other} must not be compared with this; empty where it may. Which pictures were judged and how they were drawn may
     * differ, that is what one compares; so may the number of pictures of a KID and of class fidelity, not of an FID, which
     * falls with it. A class fidelity is a mean over classes, some of which are harder than others: it stands beside one of the same
     * classes in about the same shares.
     */
    public List<String> differences(Figure other) {
        List<String> all = new ArrayList<>();
        differ(all, "metric", metric, other.metric);
        differ(all, "extractor", extractor, other.extractor);
        if (all.isEmpty()) {
            differ(all, "weights", brief(weightsHash), brief(other.weightsHash));
        }
        differ(all, "size", size, other.size);
        differ(all, "resize", resize, other.resize);
        if (!referenceHash.equals(other.referenceHash)) {
            differ(
                    all,
                    "reference",
                    reference + " (" + brief(referenceHash) + ")",
                    other.reference + " (" + brief(other.referenceHash) + ")");
        }
        if (metric.equals(FID)) {
            differ(all, "n", n, other.n);
        }
        if (metric.equals(CLASS_FIDELITY) && !ClassMix.isAlike(classes, other.classes)) {
            all.add("classes " + ClassMix.text(classes) + " against " + ClassMix.text(other.classes));
        }
        return all;
    }

    /** In what the two were drawn differently, which is what one compares; empty where one was not drawn here. */
    public List<String> drawnOtherwise(Figure other) {
        List<String> all = new ArrayList<>();
        if (!drawn.isEmpty() && !other.drawn.isEmpty()) {
            otherwise(all, drawn, other.drawn);
            if (!classes.equals(other.classes)) {
                all.add("classes " + ClassMix.text(classes) + " against " + ClassMix.text(other.classes));
            }
        }
        return all;
    }

    /** A setting that one of them did not know, because it is of another algorithm or kept by another version, is none of this. */
    private static void otherwise(List<String> all, Map<?, ?> here, Map<?, ?> there) {
        here.forEach((key, own) -> {
            Object others = there.get(key);
            if (!there.containsKey(key) || Json.compact(own).equals(Json.compact(others))) {
                return;
            }
            if (own instanceof Map<?, ?> mine && others instanceof Map<?, ?> theirs) {
                otherwise(all, mine, theirs);
            } else if (String.valueOf(key).endsWith("_hash")) {
                differ(all, String.valueOf(key), brief(String.valueOf(own)), brief(String.valueOf(others)));
            } else {
                differ(all, String.valueOf(key), shown(own), shown(others));
            }
        });
    }

    private static String shown(@Nullable Object value) {
        return value == null || value instanceof List<?> list && list.isEmpty() ? "none" : value.toString();
    }

    private static void differ(List<String> all, String what, Object here, Object there) {
        if (!here.equals(there)) {
            all.add(what + " " + here + " against " + there);
        }
    }

    private static String brief(String hash) {
        return hash.substring(0, Math.min(8, hash.length()));
    }
}
