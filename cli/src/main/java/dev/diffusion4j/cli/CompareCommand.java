// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.evaluation.Comparison;
import dev.diffusion4j.evaluation.Drawn;
import dev.diffusion4j.evaluation.Evaluator;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.evaluation.TrainingCost;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.plot.RunPlots;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Every combination of what is given, in one table and one picture. */
@Command(
        name = "compare",
        description =
                "Draw with several models, schedulers, numbers of steps, guidance scales or seeds; compare time and quality.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse compare --model runs/mine --scheduler ddim,euler,dpm-multistep --steps 5,10,20,50 --out which",
            "  diffuse compare --model runs/a --model runs/b --class all --classifier runs/digit-classifier --out a-or-b"
        },
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {
    private static final int COUNT = 8;
    private static final int SHOWN = 10;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "DIR",
            required = true,
            split = ",",
            description =
                    "A model folder, or the folder of a run, whose loss and time are then in the table; repeatable.")
    List<Path> models = new ArrayList<>();

    @Option(
            names = "--scheduler",
            paramLabel = "NAMES",
            split = ",",
            description =
                    "Sampling algorithms, separated by commas: ${COMPLETION-CANDIDATES}. Default: the model's own.",
            completionCandidates = Choices.Schedulers.class)
    List<String> schedulers = new ArrayList<>();

    @Option(
            names = "--steps",
            paramLabel = "NUMBERS",
            split = ",",
            description = "Numbers of steps, such as 5,10,20,50; default: as diffuse sample.")
    List<Integer> steps = new ArrayList<>();

    @Option(
            names = "--guidance-scale",
            paramLabel = "SCALES",
            converter = FiniteNumber.class,
            split = ",",
            description = "Scales of classifier-free guidance, such as 1,2,3; default: as diffuse sample.")
    List<Double> scales = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "NUMBERS",
            split = ",",
            description = "Seeds of the first picture, such as 0,1000; default: 0.")
    List<Long> seeds = new ArrayList<>();

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description =
                    "The folder for sheet.png, compare.md, compare.json, a plot for each figure, and loss.png of runs.")
    Path out = Path.of(".");

    @Option(names = "--json", description = "Print the table as JSON.")
    boolean json;

    @Mixin
    DrawOptions draw = new DrawOptions();

    @Mixin
    QualityOptions quality = new QualityOptions();

    private @Nullable Evaluator evaluator;

    /** One combination: a scheduler's pipeline and what is asked of it. */
    private record Way(DiffusionPipeline pipeline, GenerationRequest request) {}

    @Override
    public Integer call() {
        PictureTarget.checkFolder(out, "--out");
        if (quality.isGiven()) {
            quality.check();
        }
        List<@Nullable SchedulerKind> kinds = new ArrayList<>();
        schedulers.forEach(name -> kinds.add(Keyed.fromKey(SchedulerKind.class, name, "--scheduler")));
        if (kinds.isEmpty()) {
            kinds.add(null);
        }
        steps.forEach(number -> Check.positive(number, "--steps"));
        Comparison comparison = new Comparison(SHOWN);
        try {
            if (models.size() > 1) {
                checkAll(kinds);
            }
            for (Path folder : models) {
                compare(folder, kinds, comparison);
            }
        } finally {
            if (evaluator != null) {
                evaluator.close();
            }
        }
        write(comparison);
        return 0;
    }

    /** Every model is read and asked whether it can draw all its combinations, before the first has drawn in vain. */
    private void checkAll(List<@Nullable SchedulerKind> kinds) {
        for (Path folder : models) {
            PrintWriter silent = new PrintWriter(Writer.nullWriter());
            try (DiffusionPipeline loaded = draw.load(folder, silent)) {
                GenerationRequest base = base(folder, loaded, silent);
                eachWay(folder, loaded, base, kinds, way -> check(folder, way));
            }
        }
    }

    private void compare(Path folder, List<@Nullable SchedulerKind> kinds, Comparison comparison) {
        PrintWriter err = spec.commandLine().getErr();
        try (DiffusionPipeline loaded = draw.load(folder, err)) {
            GenerationRequest base = base(folder, loaded, err);
            eachWay(folder, loaded, base, kinds, way -> check(folder, way));
            warmUp(loaded, base);
            eachWay(folder, loaded, base, kinds, way -> comparison.add(row(folder, way.pipeline, way.request)));
        }
    }

    private GenerationRequest base(Path folder, DiffusionPipeline loaded, PrintWriter err) {
        return named(ModelFolders.nameOf(folder), () -> draw.request(loaded, COUNT, err));
    }

    private void eachWay(
            Path folder,
            DiffusionPipeline loaded,
            GenerationRequest base,
            List<@Nullable SchedulerKind> kinds,
            Consumer<Way> visit) {
        for (SchedulerKind given : kinds) {
            SchedulerKind kind = given == null ? SchedulerKind.of(loaded.scheduler()) : given;
            String title = ModelFolders.nameOf(folder) + ", " + kind.key();
            try (DiffusionPipeline pipeline = named(title, () -> loaded.withScheduler(kind))) {
                for (int number : steps.isEmpty() ? List.of(pipeline.defaultSteps(base)) : steps) {
                    for (ClassifierFree guidance : guidances()) {
                        for (long seed : seeds.isEmpty() ? List.of(0L) : seeds) {
                            GenerationRequest asked =
                                    base.with(r -> r.steps(number).seed(seed).guidance(guidance));
                            visit.accept(new Way(pipeline, named(title, () -> pipeline.filled(asked))));
                        }
                    }
                }
            }
        }
    }

    /** The scales that were given, else what suits the model. */
    private List<ClassifierFree> guidances() {
        return scales.isEmpty()
                ? List.of(ClassifierFree.OWN)
                : scales.stream().map(ClassifierFree::of).toList();
    }

    private void check(Path folder, Way way) {
        String title = String.format(
                Locale.ROOT,
                "%s, %s, %d steps%s",
                ModelFolders.nameOf(folder),
                way.pipeline.scheduler().algorithm().key(),
                way.request.steps(),
                scales.isEmpty() ? "" : ", guidance " + way.request.guidance().weight());
        SampleSize size = named(title, () -> {
            SchedulerSelection.checkEta(way.pipeline.scheduler(), way.request.eta());
            return way.pipeline.check(way.request);
        });
        if (!quality.isGiven()) {
            return;
        }
        if (evaluator == null) {
            evaluator = quality.open(size.height());
        }
        Evaluator by = evaluator;
        named(title, () -> {
            by.check(way.request);
            return by;
        });
    }

    /** A combination that is wrong is refused by its name. */
    private static <T> T named(String title, Supplier<T> made) {
        try {
            return made.get();
        } catch (Problem e) {
            String line = title + ": " + Worded.marked(e);
            throw e.kind() == Problem.Kind.REQUEST ? Problem.request(line) : Problem.failure(line, e);
        } catch (IllegalArgumentException e) {
            throw Problem.request(title + ": " + Worded.marked(e));
        }
    }

    /** So that what is done once at a network's first use is in nobody's time. */
    private static void warmUp(DiffusionPipeline pipeline, GenerationRequest base) {
        GenerationRequest one = base.only(0).with(r -> r.steps(2));
        Drawn.by(pipeline, one, "", StepListener.NONE, new Cancellation());
    }

    private Comparison.Row row(Path folder, DiffusionPipeline pipeline, GenerationRequest request) {
        String name = ModelFolders.nameOf(folder);
        String key = pipeline.scheduler().algorithm().key();
        String series = String.format(
                Locale.ROOT,
                "%s%s%s%s",
                models.size() > 1 ? name + ", " : "",
                key,
                scales.isEmpty() ? "" : ", guidance " + request.guidance().weight(),
                seeds.size() > 1 ? ", seed " + request.seed() : "");
        try (Progress progress = Progress.steps(series + ", " + request.steps() + " steps", request)) {
            Drawn drawn = Drawn.by(pipeline, request, name, progress, new Cancellation());
            progress.close();
            Optional<TrainingCost> training = TrainingCost.of(folder);
            return new Comparison.Row(
                    series,
                    name,
                    key,
                    request.steps(),
                    request.guidance().weight(),
                    request.seed(),
                    request.count(),
                    drawn.seconds(),
                    figures(drawn),
                    training.orElse(null),
                    drawn.images());
        }
    }

    private List<Figure> figures(Drawn drawn) {
        Evaluator by = evaluator;
        if (by == null) {
            return List.of();
        }
        try (PictureSet pictures = drawn.pictures()) {
            return by.judge(pictures, false, drawn.how()).figures();
        }
    }

    private void write(Comparison comparison) {
        PrintWriter to = spec.commandLine().getOut();
        AtomicFile.write(out.resolve("compare.json"), Json.pretty(comparison.toMap()));
        AtomicFile.write(out.resolve("compare.md"), comparison.markdown());
        PngFile.write(out.resolve("sheet.png"), comparison.sheet(), Map.of());
        List<String> files = new ArrayList<>(List.of("sheet.png", "compare.md", "compare.json"));
        for (String metric : comparison.metrics()) {
            PngFile.write(out.resolve(metric + ".png"), comparison.plot(metric), Map.of());
            files.add(metric + ".png");
        }
        List<Path> runs = models.stream()
                .flatMap(folder -> ModelFolders.runOf(folder).stream())
                .distinct()
                .toList();
        if (!runs.isEmpty()) {
            List<String> names = runs.stream().map(ModelFolders::nameOf).toList();
            PngFile.write(out.resolve("loss.png"), new RunPlots(names, runs, "loss").steps(true), Map.of());
            files.add("loss.png");
        }
        if (json) {
            to.println(Json.pretty(comparison.toMap()));
        } else {
            to.print(comparison.text());
            comparison.rows().get(0).figures().forEach(figure -> to.println(figure.metric() + ": " + figure.terms()));
            to.println("in " + out + ": " + String.join(", ", files));
        }
        to.flush();
    }
}
