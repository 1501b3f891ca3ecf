// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.ClassFidelity;
import dev.diffusion4j.metric.FeatureCache;
import dev.diffusion4j.metric.FeatureExtractor;
import dev.diffusion4j.metric.FeatureOrigin;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.FrechetDistance;
import dev.diffusion4j.metric.KernelDistance;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Judges sets of pictures, all by the same measure: against real pictures, and by a classifier. */
public final class Evaluator implements AutoCloseable {
    private final @Nullable FeatureExtractor extractor;
    private final @Nullable PictureSet reference;
    private final @Nullable LoadedClassifier judge;
    private final KidSettings kid;
    private final @Nullable FeatureCache cache;
    private @Nullable Tensor referenceFeatures;

    /**
     * All of these but settings and cache become this one's; give the first two, the third, or all.
     *
     * @param extractor in whose features distances are measured
     * @param reference what pictures are compared with
     * @param judge says what a picture shows
     * @param cache {@code null}: nothing is kept
     */
    public Evaluator(
            @Nullable FeatureExtractor extractor,
            @Nullable PictureSet reference,
            @Nullable LoadedClassifier judge,
            KidSettings kid,
            @Nullable FeatureCache cache) {
        Check.that(
                (extractor == null) == (reference == null), "an extractor needs a reference, and the other way round");
        this.extractor = extractor;
        this.reference = reference;
        this.judge = judge;
        this.kid = kid;
        this.cache = cache;
    }

    /**
     * What was found.
     *
     * @param figures to be kept
     * @param fidelity class by class; {@code null} where nobody asked
     * @param classNames of its classes, class 0 first; may be empty
     */
    public record Judgement(List<Figure> figures, @Nullable ClassFidelity fidelity, List<String> classNames) {
        /** The figure of that name, or {@code null}. */
        public @Nullable Figure figure(String metric) {
            return figures.stream()
                    .filter(figure -> figure.metric().equals(metric))
                    .findFirst()
                    .orElse(null);
        }
    }

    /** {@link #check(int, int[])} of the pictures of a request. */
    public void check(GenerationRequest request) {
        List<Integer> classes = request.classes();
        check(
                request.count(),
                classes == null
                        ? new int[0]
                        : classes.stream().mapToInt(Integer::intValue).toArray());
    }

    /**
     * Whether so many pictures can be judged, of which nothing need be drawn yet.
     *
     * @param classes of each; empty, or −1, where they are not known
     * @throws Problem (a wrong request), or IllegalArgumentException, where there are too few, or the judge needs other classes
     */
    public void check(int count, int[] classes) {
        if (reference != null) {
            kid.sizeFor(count, reference.size());
        }
        if (judge == null) {
            return;
        }
        int known = judge.network().numClasses();
        if (classes.length == 0 || Arrays.stream(classes).anyMatch(label -> label < 0)) {
            throw Problem.request(
                    "{classifier} needs pictures whose class is known: those that a model with classes draws"
                            + " ({classes}), or a folder for each class");
        }
        int last = Arrays.stream(classes).max().getAsInt();
        Check.that(
                last < known,
                "the classifier knows " + known + " classes, from 0, but one of the pictures' is " + last);
    }

    /**
     * Judges pictures.
     *
     * @param kept whether their features are worth keeping on the disk: they are not of pictures that were just drawn
     * @param drawn how they were made, for the record
     * @throws Problem (a wrong request), or IllegalArgumentException, as {@link #check} says
     */
    public Judgement judge(PictureSet pictures, boolean kept, Map<String, @Nullable Object> drawn) {
        return judge(pictures, kept, drawn, null);
    }

    /** As {@link #judge(PictureSet, boolean, Map)}, and by a CLIP too; {@code words} is borrowed. */
    public Judgement judge(
            PictureSet pictures, boolean kept, Map<String, @Nullable Object> drawn, @Nullable ClipJudge words) {
        int[] labels = judge == null ? pictures.labels() : judge.labels(pictures);
        check(pictures.size(), labels);
        List<Figure> figures = new ArrayList<>();
        FeatureExtractor network = extractor;
        PictureSet real = reference;
        if (network != null && real != null) {
            TensorScope.run(() -> distances(network, real, pictures, kept, drawn, figures));
        }
        ClassFidelity fidelity = null;
        if (judge != null) {
            fidelity = ClassFidelity.of(judge.network(), pictures, labels, PictureResize.CLEAN);
            figures.add(figure(fidelity, judge, pictures, drawn));
        }
        if (words != null) {
            figures.add(words.figure(pictures, drawn));
        }
        return new Judgement(figures, fidelity, judge == null ? List.of() : judge.classNames(pictures));
    }

    private void distances(
            FeatureExtractor network,
            PictureSet real,
            PictureSet pictures,
            boolean kept,
            Map<String, @Nullable Object> drawn,
            List<Figure> figures) {
        FeatureCache shelf = cache;
        if (referenceFeatures == null) {
            referenceFeatures = TensorScope.ownResult(
                    () -> shelf == null ? real.map(network::features) : shelf.features(network, real));
        }
        Tensor theirs = referenceFeatures;
        Tensor own = shelf != null && kept ? shelf.features(network, pictures) : pictures.map(network::features);
        KernelDistance distance = kid.distance(own, theirs);
        figures.addAll(Figure.ofDistances(
                FeatureOrigin.of(network, pictures),
                FeatureOrigin.of(network, real),
                distance,
                kid.seed(),
                FrechetDistance.of(own, theirs),
                drawn));
    }

    private static Figure figure(
            ClassFidelity fidelity, LoadedClassifier judge, PictureSet pictures, Map<String, @Nullable Object> drawn) {
        return new Figure(
                Figure.CLASS_FIDELITY,
                fidelity.share(),
                fidelity.standardError(),
                fidelity.totalInAll(),
                0,
                judge.network().featuresName(),
                judge.weightsHash(),
                judge.network().sampleSize().height(),
                PictureResize.CLEAN.key(),
                0,
                0,
                0,
                pictures.description(),
                pictures.contentHash(),
                "",
                "",
                fidelity.classes(),
                drawn);
    }

    @Override
    public void close() {
        if (referenceFeatures != null) {
            referenceFeatures.close();
        }
        if (extractor != null) {
            extractor.close();
        }
        if (reference != null) {
            reference.close();
        }
        if (judge != null) {
            judge.close();
        }
    }
}
