// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.evaluation.ClipJudge;
import dev.diffusion4j.evaluation.Drawn;
import dev.diffusion4j.evaluation.Evaluator;
import dev.diffusion4j.evaluation.Evaluator.Judgement;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.metric.ClassFidelity;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.FigureFile;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Judges pictures: newly drawn ones, or those of a folder. */
@Command(
        name = "eval",
        description = "Judge pictures: KID and FID against real ones, and the share that a classifier recognises.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse eval --model runs/mine/model --count 1000 --data folder:my-photos --inception pt_inception.pth",
            "  diffuse eval --images pictures --data mnist:test --features runs/digit-classifier",
            "  diffuse eval --model runs/digits --class all --count 50 --classifier runs/digit-classifier",
            "  diffuse eval --model runs/text-to-image-small --attributes runs/scene-judges --count 500"
        },
        mixinStandardHelpOptions = true)
final class EvalCommand implements Callable<Integer> {
    private static final int COUNT = 64;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = "Draw with this model: its folder, or that of its run.")
    @Nullable
    Path model;

    @Option(
            names = "--images",
            paramLabel = "SPEC",
            description = "Judge these pictures: a folder (folders in it are classes), or a data set.")
    @Nullable
    String images;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description =
                    "Where figures are added, a JSON object a line; default: eval.jsonl in the model's run or the images' folder.")
    @Nullable
    Path out;

    @Option(
            names = "--clip-text",
            paramLabel = "TEXT",
            description = "Also say by --clip-model how well the pictures show this.")
    @Nullable
    String clipText;

    @Option(
            names = "--at-least",
            paramLabel = "PERCENT",
            description =
                    "End with code 1 where --classifier recognises a smaller share of the pictures, 95 for example.")
    @Nullable
    Double atLeast;

    @Option(
            names = "--attributes",
            paramLabel = "DIR",
            description =
                    "Judge by a classifier for each attribute of scenes, as diffuse train scene-judges makes them, whether pictures show "
                            + "what their captions say; also of an autoencoder.")
    @Nullable
    Path attributes;

    @Option(names = "--json", description = "Print the JSON lines instead of text.")
    boolean json;

    @Mixin
    QualityOptions quality = new QualityOptions();

    @Mixin
    DrawOptions draw = new DrawOptions();

    @Mixin
    SchedulerChoice scheduler = new SchedulerChoice();

    @Mixin
    GuideOptions guidance = new GuideOptions();

    @Override
    public Integer call() {
        if (attributes != null) {
            new AttributeEval(this).run(attributes);
            return 0;
        }
        if ((model == null) == (images == null)) {
            throw Problem.request("give either --model DIR, which draws pictures, or --images SPEC");
        }
        if (atLeast != null) {
            Check.inRange(atLeast, 0, 100, "--at-least");
            Check.that(
                    quality.classifier != null,
                    "--at-least is a share of recognised classes: say by which --classifier");
        }
        if (images != null) {
            refuseDrawing();
        }
        Clip.Origin clip = guidance.clip(null);
        if (clipText != null && clip == null) {
            throw Problem.request("--clip-text needs a CLIP: say which with --clip-model");
        }
        guidance.checkClip(guidance.guides, clipText != null);
        if (clipText == null || quality.isGiven()) {
            quality.check();
        }
        Path file = out != null ? out : usualFile("eval.jsonl");
        AtomicFile.checkFolder(
                java.util.Objects.requireNonNull(file.toAbsolutePath().getParent()));
        List<Figure> earlier = FigureFile.read(file);
        try (ClipJudge words = clipText == null || clip == null ? null : ClipJudge.open(clip, clipText)) {
            if (model != null) {
                judgeModel(model, words, file, earlier);
            } else {
                judgeImages(java.util.Objects.requireNonNull(images), words, file, earlier);
            }
        }
        return 0;
    }

    /** Pictures that are there are not drawn otherwise. */
    private void refuseDrawing() {
        Set<String> used = names(spec);
        spec.mixins().forEach((field, options) -> {
            if (!field.equals("quality")) {
                used.removeAll(names(options));
            }
        });
        if (clipText != null) {
            used.addAll(List.of("--clip-model", "--clip-activation"));
        }
        UnusedOptions.refuse(spec, used, "--images judges pictures that are there", "draw pictures with --model");
    }

    static Set<String> names(CommandSpec options) {
        return options.options().stream().map(OptionSpec::longestName).collect(Collectors.toCollection(HashSet::new));
    }

    /** A file of that name in the model's run or the images' folder; here where neither is a folder of this machine. */
    Path usualFile(String name) {
        if (model != null && PipelinePlace.repository(model).isPresent()) {
            return Path.of(name);
        }
        if (model != null) {
            return java.nio.file.Files.isRegularFile(model)
                    ? model.resolveSibling(name)
                    : ModelFolders.runOf(model).orElse(model).resolve(name);
        }
        String folder = String.valueOf(images);
        Path path = Path.of(folder.startsWith("folder:") ? folder.substring("folder:".length()) : folder);
        return java.nio.file.Files.isDirectory(path) ? path.resolve(name) : Path.of(name);
    }

    private void judgeModel(Path folder, @Nullable ClipJudge words, Path file, List<Figure> earlier) {
        try (GuideKit kit = guidance.kit(null, this::warn);
                DiffusionPipeline loaded = draw.load(folder, spec.commandLine().getErr())) {
            GenerationRequest request =
                    draw.request(loaded, COUNT, spec.commandLine().getErr()).with(guidance::apply);
            Chosen chosen = scheduler.of(loaded.steeredBy(kit.parseAll(guidance.guides)), request);
            try (Evaluator evaluator =
                    quality.open(chosen.pipeline().check(chosen.request()).height())) {
                evaluator.check(chosen.request());
                chosen.pipeline().notices(chosen.request()).forEach(this::warn);
                Drawn drawn = drawn(folder, chosen);
                try (PictureSet pictures = drawn.pictures()) {
                    report(evaluator.judge(pictures, false, drawn.how(), words), pictures, file, earlier);
                }
            }
        }
    }

    static Drawn drawn(Path folder, Chosen chosen) {
        try (Progress progress = Progress.steps("drawing", chosen.request())) {
            return Drawn.by(
                    chosen.pipeline(), chosen.request(), ModelFolders.nameOf(folder), progress, new Cancellation());
        }
    }

    void warn(String line) {
        spec.commandLine().getErr().println("diffuse: " + new FlagNames(spec).word(line));
    }

    private void judgeImages(String folder, @Nullable ClipJudge words, Path file, List<Figure> earlier) {
        try (PictureSet pictures = QualityOptions.pictures(folder, 0, "exact", null);
                Evaluator evaluator = quality.open(0)) {
            report(evaluator.judge(pictures, true, Map.of(), words), pictures, file, earlier);
        }
    }

    private void report(Judgement judgement, PictureSet pictures, Path file, List<Figure> earlier) {
        FigureFile.append(file, judgement.figures());
        print(judgement, pictures, file, earlier);
        ClassFidelity fidelity = judgement.fidelity();
        if (atLeast != null
                && fidelity != null
                && 100.0 * fidelity.recognisedInAll() < atLeast * fidelity.totalInAll()) {
            throw Problem.failure(String.format(
                    Locale.ROOT,
                    "the classifier recognised %d of %d pictures, %.2f %%, and --at-least is %s %%",
                    fidelity.recognisedInAll(),
                    fidelity.totalInAll(),
                    100 * fidelity.share(),
                    atLeast));
        }
    }

    private void print(Judgement judgement, PictureSet pictures, Path file, List<Figure> earlier) {
        PrintWriter to = spec.commandLine().getOut();
        if (json) {
            judgement.figures().forEach(figure -> to.println(Json.compact(figure.toMap())));
            to.flush();
            return;
        }
        to.println("pictures        " + pictures.description() + ": " + pictures.size());
        judgement.figures().forEach(figure -> to.println(FigureText.line(figure)));
        if (judgement.fidelity() != null) {
            to.print(judgement.fidelity().table(judgement.classNames()));
        }
        FigureText.warnings(judgement.figures()).forEach(to::println);
        FigureText.earlier(judgement.figures(), earlier).forEach(to::println);
        to.println("added to        " + file);
        to.flush();
    }
}
