// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.metric.ClassFidelity;
import dev.diffusion4j.metric.Variety;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The whole method at once: a diffusion model is trained on digits, a judge is trained on the same digits, the model draws fifty of
 * each class, and the judge counts those that it recognises. What was stopped goes on in the same folder.
 */
public final class Quickstart {
    private static final int PER_CLASS = 50;
    private static final int SHOWN_PER_CLASS = 10;
    private static final int JUDGE_STEPS = 200;
    private static final int HELD_OUT = 2000;
    private static final int REAL_FOR_VARIETY = 500;
    private static final int COMPARED_AT_ONCE = 1000;

    private final Recipe recipe;
    private final Path folder;
    private final int judgeSteps;

    /**
     * @param changes of the recipe {@code quickstart}, as {@code training.max_steps=20}
     * @param folder for everything; may hold a part of the same
     */
    public Quickstart(List<String> changes, Path folder) {
        this(changes, folder, JUDGE_STEPS);
    }

    Quickstart(List<String> changes, Path folder, int judgeSteps) {
        this.judgeSteps = judgeSteps;
        this.recipe = Recipes.load("quickstart", changes);
        this.folder = folder;
    }

    /**
     * What came out.
     *
     * @param judgeAccuracy share of held-out digits that the judge names right
     * @param recognised drawn digits that the judge recognises as what was asked for
     * @param asked how many were drawn
     * @param variety of the drawn digits
     * @param grid the picture to look at: a row for each digit
     * @param model the pipeline folder
     * @param shortened whether fewer steps were made than the recipe has, so that little can be expected
     */
    public record Outcome(
            double judgeAccuracy,
            int recognised,
            int asked,
            Variety variety,
            Path grid,
            Path model,
            boolean shortened) {
        private static final double LEAST_RECOGNISED = 0.9;
        private static final double LEAST_RIGHT = 0.98;
        private static final double LEAST_VARIETY = 0.6;

        /** What a whole run must not end with, as a sentence; empty for a good one. */
        public List<String> shortcomings() {
            List<String> all = new ArrayList<>();
            if (recognised < LEAST_RECOGNISED * asked) {
                all.add("fewer than 90 % of the digits were recognised");
            }
            if (judgeAccuracy < LEAST_RIGHT) {
                all.add("the judge names fewer than 98 % of held-out digits right");
            }
            if (!(variety.ratio() >= LEAST_VARIETY)) {
                all.add("the digits of a class are too much alike");
            }
            if (variety.copies() > 0) {
                all.add(variety.copies() + " of the digits are copies of training pictures");
            }
            return all;
        }
    }

    /** Watches the parts of a quickstart, on the thread that does them. */
    public interface Watcher {
        /** The diffusion model, which comes first. */
        default RunListener network() {
            return new RunListener() {};
        }

        /** The classifier. */
        default RunListener judge() {
            return new RunListener() {};
        }

        /** The digits that are judged. */
        default StepListener drawing(GenerationRequest request) {
            return StepListener.NONE;
        }
    }

    /**
     * Does all of it that is not done yet: the diffusion model, the judge, the judging.
     *
     * @throws Problem (a wrong request) where another run is in the folder; (a failure) where a run fails
     * @throws CancellationException where it was stopped before the end; the same call goes on
     */
    public Outcome run(Watcher watcher, BooleanSupplier stop) {
        Path judgeFolder = folder.resolve("judge");
        TrainingRun.checkStartOrResume(recipe, folder);
        TrainingRun.checkStartOrResume(judgeRecipe(), judgeFolder);
        TrainingRun run = TrainingRun.startOrResume(recipe, folder);
        finish(run.run(watcher.network(), stop));
        TrainingRun judgeRun = TrainingRun.startOrResume(judgeRecipe(), judgeFolder);
        finish(judgeRun.run(watcher.judge(), stop));
        return judge(judgeRun.folder().model(), run.folder().model(), watcher, stop);
    }

    private static void finish(RunSummary summary) {
        if (!summary.finished()) {
            throw new CancellationException("stopped after step " + summary.steps() + " of " + summary.folder());
        }
    }

    /** On the same pictures as the recipe, in the same size. */
    private Recipe judgeRecipe() {
        return Recipes.builtIn("digit-classifier").with(judge -> {
            judge.data.source = recipe.data().source();
            judge.data.imageSize = recipe.data().imageSize();
            judge.data.channels = recipe.data().channels();
            judge.training.seed = recipe.training().seed();
            judge.training.maxSteps = judgeSteps;
        });
    }

    private Outcome judge(Path judgeFolder, Path modelFolder, Watcher watcher, BooleanSupplier stop) {
        try (Classifier judge =
                        (Classifier) PipelineFolder.open(judgeFolder).readModel(Devices.cpu(), Precision.F32, null);
                DiffusionPipeline loaded = DiffusionPipeline.load(modelFolder);
                DiffusionPipeline pipeline =
                        loaded.withScheduler(recipe.samples().scheduler());
                GenerationResult drawn = draw(pipeline, watcher, stop)) {
            int[] expected = expectedClasses(pipeline.numClasses());
            ClassFidelity fidelity = ClassFidelity.of(judge, drawn.samples(), expected);
            Path grid = folder.resolve("digits.png");
            PngFile.write(grid, shown(drawn, pipeline.numClasses()));
            Recipe whole = Recipes.builtIn("quickstart");
            boolean shortened = recipe.training().maxSteps() != null
                    && (whole.training().maxSteps() == null
                            || recipe.training().maxSteps() < whole.training().maxSteps());
            return new Outcome(
                    heldOutAccuracy(judge),
                    fidelity.recognisedInAll(),
                    fidelity.totalInAll(),
                    variety(drawn, expected, stop),
                    grid,
                    modelFolder,
                    shortened);
        }
    }

    private GenerationResult draw(DiffusionPipeline pipeline, Watcher watcher, BooleanSupplier stop) {
        GenerationRequest request = request(pipeline.numClasses());
        return Drawing.generate(pipeline, request, watcher.drawing(request), stop);
    }

    private GenerationRequest request(int classes) {
        List<Integer> labels = new ArrayList<>();
        for (int label : expectedClasses(classes)) {
            labels.add(label);
        }
        return GenerationRequest.of(r -> r.classes(labels)
                .guidanceScale(recipe.samples().guidanceScale())
                .steps(recipe.samples().steps())
                .eta(recipe.samples().eta())
                .batchSize(50));
    }

    /** Class by class. */
    private static int[] expectedClasses(int classes) {
        int[] expected = new int[classes * PER_CLASS];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = i / PER_CLASS;
        }
        return expected;
    }

    /** The first few of each class, a row a class. */
    private static java.awt.image.BufferedImage shown(GenerationResult drawn, int classes) {
        List<java.awt.image.BufferedImage> all = drawn.images();
        List<java.awt.image.BufferedImage> some = new ArrayList<>();
        for (int label = 0; label < classes; label++) {
            some.addAll(all.subList(label * PER_CLASS, label * PER_CLASS + SHOWN_PER_CLASS));
        }
        return ImageGrid.enlarge(ImageGrid.of(some, SHOWN_PER_CLASS), 2);
    }

    private double heldOutAccuracy(Classifier judge) {
        Batch batch = heldOut(HELD_OUT);
        int[] labels = new int[batch.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (int) batch.labels()[i];
        }
        return TensorScope.compute(
                () -> ClassFidelity.of(judge, batch.images(), labels).share());
    }

    private String heldOutSource() {
        String source = recipe.data().source();
        return source.endsWith(":test") ? source : source + ":test";
    }

    private static TrainingData open(Recipe of) {
        return TrainingData.open(of.data(), SourceOptions.defaults());
    }

    /** Some held-out pictures. */
    private Batch heldOut(int count) {
        Recipe other = recipe.with(changed -> {
            changed.data.source = heldOutSource();
            changed.data.randomFlip = false;
            changed.data.limit = 0;
        });
        try (TrainingData data = open(other);
                BatchLoader loader = data.loader(Math.min(count, data.dataset().size()), 1, 0)) {
            return loader.next();
        }
    }

    /** Compares what was drawn with all pictures that were trained on. */
    private Variety variety(GenerationResult drawn, int[] expected, BooleanSupplier stop) {
        Batch real = heldOut(REAL_FOR_VARIETY);
        Variety.Measure measure = Variety.measure(
                Tensors.floats(drawn.samples()),
                Arrays.stream(expected).asLongStream().toArray(),
                real.values(),
                real.labels(),
                real.values().length / real.size());
        try (TrainingData data = open(recipe.with(changed -> changed.data.randomFlip = false));
                BatchLoader loader = data.inOrder(COMPARED_AT_ONCE)) {
            for (int i = 0; i < loader.batchesPerEpoch(); i++) {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("stopped while judging");
                }
                Batch batch = loader.next();
                measure.compare(batch.values(), batch.labels());
            }
        }
        return measure.result();
    }
}
