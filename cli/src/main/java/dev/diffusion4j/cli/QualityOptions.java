// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import dev.diffusion4j.data.view.Subset;
import dev.diffusion4j.evaluation.Evaluator;
import dev.diffusion4j.evaluation.ExtractorChoice;
import dev.diffusion4j.evaluation.KidSettings;
import dev.diffusion4j.evaluation.LoadedClassifier;
import dev.diffusion4j.metric.FeatureCache;
import dev.diffusion4j.metric.FeatureExtractor;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.inception.InceptionVariant;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** By what pictures are judged. */
final class QualityOptions {
    @Option(
            names = "--data",
            paramLabel = "SPEC",
            description =
                    "The real pictures that KID and FID hold the others against: as in diffuse data, or a folder.")
    @Nullable
    String data;

    @Option(
            names = "--data-size",
            paramLabel = "N",
            description = "Bring them to NxN pixels first; default: the drawn pictures' size with --model, else none.")
    @Nullable
    Integer dataSize;

    @Option(
            names = "--data-fit",
            paramLabel = "MODE",
            defaultValue = "exact",
            description =
                    "How: exact (stretched), crop or pad, as data.resize of the model's recipe; default: ${DEFAULT-VALUE}.")
    String dataFit = "exact";

    @Option(names = "--data-limit", paramLabel = "N", description = "Take only N of them, always the same ones.")
    @Nullable
    Integer dataLimit;

    @Option(
            names = "--inception",
            paramLabel = "FILE",
            description = "InceptionV3's weights of pytorch-fid, torch-fidelity or torchvision (.pth, .safetensors).")
    @Nullable
    Path inception;

    @Option(
            names = "--inception-variant",
            paramLabel = "WHOSE",
            description = "fid or torchvision, where the file does not say it.")
    @Nullable
    String variant;

    @Option(
            names = "--features",
            paramLabel = "DIR",
            description = "Instead, measure in the features of a classifier that diffuse train made.")
    @Nullable
    Path features;

    @Option(
            names = "--feature-size",
            paramLabel = "N",
            description = "The side in pixels that InceptionV3 looks at; 299 (default) or any from 75.")
    @Nullable
    Integer featureSize;

    @Option(
            names = "--resize",
            paramLabel = "HOW",
            defaultValue = "clean",
            description =
                    "How pictures are brought to it: clean (clean-fid: bicubic, antialiased) or legacy (pytorch-fid and Keras: "
                            + "bilinear); default: ${DEFAULT-VALUE}.")
    String resize = "clean";

    @Option(
            names = "--subsets",
            paramLabel = "N",
            defaultValue = "100",
            description = "Subsets that a KID is the mean of; default: ${DEFAULT-VALUE}.")
    int subsets;

    @Option(
            names = "--subset-size",
            paramLabel = "N",
            description = "Pictures of a subset; default: 1000, or half of the smaller set.")
    @Nullable
    Integer subsetSize;

    @Option(
            names = "--metric-seed",
            paramLabel = "N",
            defaultValue = "2020",
            description = "Which subsets: those of torch-fidelity with the same seed; default: ${DEFAULT-VALUE}.")
    int metricSeed;

    @Option(
            names = "--classifier",
            paramLabel = "DIR",
            description =
                    "A classifier that diffuse train made: says how many pictures show the class that was asked for.")
    @Nullable
    Path classifier;

    @Option(names = "--no-cache", description = "Do not keep features on the disk.")
    boolean noCache;

    /** Whether anything is to be judged. */
    boolean isGiven() {
        return data != null || choice().isGiven() || classifier != null;
    }

    private ExtractorChoice choice() {
        return new ExtractorChoice(
                inception,
                variant == null ? null : Keyed.fromKey(InceptionVariant.class, variant, "--inception-variant"),
                features,
                featureSize == null ? 0 : featureSize,
                Keyed.fromKey(PictureResize.class, resize, "--resize"));
    }

    /** @throws Problem (a wrong request) where options are missing or contradict each other */
    void check() {
        ExtractorChoice choice = choice();
        if (data == null && choice.isGiven()) {
            throw Problem.request("KID and FID hold pictures against real ones: say which with --data SPEC");
        }
        if (data != null && !choice.isGiven()) {
            choice.open(); // says what is missing
        }
        if (data == null && classifier == null) {
            throw Problem.request(
                    "say by what to judge: --data SPEC with --inception FILE or --features DIR for KID and FID,"
                            + " --classifier DIR for the share of recognised classes");
        }
        Keyed.fromKey(ResizeMode.class, dataFit, "--data-fit");
    }

    /**
     * Reads the networks and the real pictures: before anything is drawn in vain. The caller closes it.
     *
     * @param drawnSize the side of the drawn pictures; 0 where none are drawn
     */
    Evaluator open(int drawnSize) {
        KidSettings kid = new KidSettings(subsets, subsetSize == null ? 0 : subsetSize, metricSeed);
        FeatureCache cache = noCache ? null : FeatureCache.usual();
        FeatureExtractor extractor = null;
        LoadedClassifier judge = null;
        try {
            extractor = data == null ? null : choice().open();
            judge = classifier == null ? null : LoadedClassifier.open(classifier);
            PictureSet reference =
                    data == null ? null : pictures(data, dataSize == null ? drawnSize : dataSize, dataFit, dataLimit);
            return new Evaluator(extractor, reference, judge, kid, cache);
        } catch (Throwable e) {
            if (extractor != null) {
                extractor.close();
            }
            if (judge != null) {
                judge.close();
            }
            throw e;
        }
    }

    /**
     * Opens a data set or a folder.
     *
     * @param side of the squares that pictures are brought to; 0 for pictures as they are
     */
    static PictureSet pictures(String spec, int side, String fit, @Nullable Integer limit) {
        Dataset opened = DataSources.open(
                isFolder(spec) ? "folder:" + spec : spec,
                SourceOptions.defaults().withImageSize(side));
        Dataset dataset = limit != null && limit < opened.size() ? Subset.sample(opened, limit) : opened;
        ResizeMode mode = Keyed.fromKey(ResizeMode.class, fit, "--data-fit");
        if (mode == ResizeMode.RANDOM_CROP) {
            throw Problem.request(
                    "--data-fit random_crop would be another measure each time: choose exact, crop or pad");
        }
        return PictureSet.of(dataset, side == 0 ? null : new StandardTransform(dataset.channels(), side, mode, false));
    }

    private static boolean isFolder(String text) {
        try {
            return Files.isDirectory(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
