// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.DrawingNeed;
import dev.diffusion4j.pipeline.Film;
import dev.diffusion4j.pipeline.GenerationFiles;
import dev.diffusion4j.pipeline.GenerationNote;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.LossTrace;
import dev.diffusion4j.pipeline.StepChoice;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.Trace;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.TerminalSignal;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws pictures from a model folder, or one picture again from its own notes. */
@Command(
        name = "sample",
        description = "Draw pictures with a trained model, or draw one picture again.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse sample --model runs/quickstart/model --class all --grid --out pictures",
            "  diffuse sample --from pictures/0005.png --out again"
        },
        mixinStandardHelpOptions = true)
final class SampleCommand implements Callable<Integer> {
    private static final int FILM_FRAMES = 12;
    private static final double MUCH_FASTER = 1.5;
    private static final Set<String> HEEDED_WITH_FROM = Set.of(
            "--from",
            "--model",
            "--clip-model",
            "--clip-activation",
            "--out",
            "--variant",
            "--grid",
            "--film",
            "--save-tensors",
            "--verbose");

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "The model: a folder with model_index.json, saved by diffuse train or by diffusers, or that of a run.")
    @Nullable
    Path model;

    @Option(
            names = "--from",
            paramLabel = "IMAGE.png",
            description =
                    "Draw this picture again, from the note that sample wrote into it; with --model where the model "
                            + "has moved.")
    @Nullable
    Path from;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width x height, such as 64x48; default: the size in the model's config.")
    @Nullable
    String size;

    @Option(
            names = "--noise",
            paramLabel = "MODE",
            defaultValue = "per-image",
            completionCandidates = Choices.NoiseModes.class,
            description =
                    "per-image (each picture has its own random stream: diffusers with a list of generators) or shared "
                            + "(one stream for all: diffusers with a single generator); default: ${DEFAULT-VALUE}.")
    String noise = "per-image";

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "Which files of weights to read, where the folder has several: fp16, bf16.")
    @Nullable
    String variant;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "The folder for 0000.png, 0001.png, …; files of these names are replaced.")
    Path out = Path.of(".");

    @Option(names = "--grid", description = "Also write grid.png: all pictures in one, small ones enlarged.")
    boolean grid;

    @Option(
            names = "--film",
            description =
                    "Also write film.png: the first picture over the steps; above what is denoised, below the guess at the "
                            + "finished picture.")
    boolean film;

    @Option(
            names = "--trace",
            paramLabel = "N",
            description =
                    "Also write trace.png: how each picture comes out of the noise, a row a picture, N steps of it.")
    @Nullable
    Integer trace;

    @Option(
            names = "--save-tensors",
            paramLabel = "FILE",
            description = "Also write the tensor 'samples' (N, C, H, W), f32, before clamping, as safetensors.")
    @Nullable
    Path saveTensors;

    @Mixin
    GuideOptions guidance = new GuideOptions();

    @Mixin
    SweepOptions sweep = new SweepOptions();

    @Mixin
    DrawOptions pictures = new DrawOptions();

    @Mixin
    SchedulerChoice scheduler = new SchedulerChoice();

    @Override
    public Integer call() {
        if (model == null && from == null) {
            throw Problem.request("give either --model DIR or --from IMAGE.png");
        }
        GenerationRequest asked = from == null ? asked() : GenerationRequest.DEFAULT;
        if (from != null) {
            Unheeded.refuse(
                    spec,
                    HEEDED_WITH_FROM,
                    "--from draws the picture as its note says",
                    "draw another picture with --model");
        }
        PictureTarget.checkFolder(out, "--out");
        Check.that(
                saveTensors == null || !Files.isDirectory(saveTensors),
                "--save-tensors must name a file, but " + saveTensors + " is a folder");
        if (saveTensors != null && saveTensors.toAbsolutePath().getParent() != null) {
            AtomicFile.checkFolder(saveTensors.toAbsolutePath().getParent());
        }
        return from != null
                ? again(from)
                : draw(DrawOptions.folder(java.util.Objects.requireNonNull(model), variant), asked);
    }

    /** All that can be checked before the model is read. */
    private GenerationRequest asked() {
        if (trace != null) {
            Check.positive(trace, "--trace");
        }
        Check.that(
                sweep.sweep().isEmpty() || !grid && !film && trace == null && saveTensors == null,
                "a sweep writes sweep.png and sweep.gif: leave --grid, --film, --trace and --save-tensors away");
        guidance.checkClip(guidance.guides, false);
        DrawingNeed.checkFiles(pictures.each(1), out);
        return scheduler.seeded(pictures.asked(1)).with(r -> guidance.apply(r, sweep.sweep())
                .size(size == null ? null : parseSize(size))
                .noise(Keyed.fromKey(NoiseMode.class, noise, "--noise")));
    }

    private int draw(Path folder, GenerationRequest asked) {
        ClassChoice classes =
                ClassChoice.parse(pictures.label == null && !sweep.sweep().isEmpty() ? "all" : pictures.label);
        LoadOptions options = pictures.loadOptions(variant);
        int each = asked.count();
        try (GuideKit kit = guidance.kit(null, this::tell);
                DiffusionPipeline loaded = DiffusionPipeline.load(folder, options);
                DiffusionPipeline steered = loaded.steeredBy(kit.parseAll(guidance.guides));
                SchedulerChoice.Chosen chosen = scheduler.of(steered, asked)) {
            DiffusionPipeline pipeline = chosen.pipeline();
            TerminalSignal.warning(pipeline.scheduler()).ifPresent(this::tell);
            GenerationRequest request = pictures.told(
                    chosen.request(),
                    classes,
                    pipeline,
                    each,
                    spec.commandLine().getErr());
            pipeline.notices(request).forEach(this::tell);
            if (sweep.sweep().isEmpty()) {
                write(pipeline, request, folder.toString(), classes.perRow(pipeline, each), null);
            } else {
                new SweepDrawing(pipeline, request).write(sweep.sweep(), out, spec.commandLine());
            }
        }
        return 0;
    }

    private void tell(String line) {
        spec.commandLine().getErr().println("diffuse: " + new FlagNames(spec).word(line));
    }

    private int again(Path picture) {
        GenerationNote.Read read = GenerationNote.read(picture);
        GenerationNote note = read.note();
        guidance.checkClip(note.guides(), false);
        LoadOptions options = new LoadOptions(
                read.manifest().device(),
                Keyed.fromKey(Precision.class, read.manifest().dtype(), "dtype"),
                variant,
                note.loras().stream().map(LoraChoice::parse).toList());
        SchedulerKind kind = SchedulerKind.ofClass(note.scheduler(), picture.toString());
        Path folder = model != null ? DrawOptions.folder(model, variant) : Path.of(note.model());
        if (model == null && !Files.exists(folder)) {
            throw Problem.failure("there is no folder " + folder + ", with whose model " + picture
                    + " was drawn: give its new place with --model DIR");
        }
        try (GuideKit kit = guidance.kit(note.clipOrigin(), this::tell);
                DiffusionPipeline loaded = DiffusionPipeline.load(folder, options);
                DiffusionPipeline swapped = loaded.withScheduler(kind, note.schedulerConfig());
                DiffusionPipeline pipeline = swapped.steeredBy(kit.parseAll(note.guides()))) {
            if (!pipeline.modelHash().equals(read.manifest().modelHash())) {
                spec.commandLine()
                        .getErr()
                        .println("diffuse: the weights in " + folder
                                + " are not those that this picture was drawn with; it may differ");
            }
            write(pipeline, note.request(), folder.toString(), ClassChoice.PER_ROW, note.index());
        }
        return 0;
    }

    /** @param only the index of the one picture that is wanted, or {@code null} for all */
    private void write(
            DiffusionPipeline pipeline, GenerationRequest request, String folder, int perRow, @Nullable Integer only) {
        long start = System.nanoTime();
        LossTrace losses = new LossTrace();
        Trace steps = new Trace(StepChoice.evenly(trace == null ? 1 : trace), pipeline.codec());
        Film strip = new Film(FILM_FRAMES, pipeline.codec(), only == null ? 0 : only);
        try (Progress progress = Progress.steps("sampling", request).ifLong(() -> adviseOnSpeed(pipeline));
                GenerationResult result = pipeline.generate(
                        request, watched(strip, steps).andThen(losses).andThen(progress), new Cancellation())) {
            progress.close();
            List<Path> files = GenerationFiles.write(out, result, pipeline, request, folder, only);
            List<String> more = new ArrayList<>();
            if (grid) {
                more.add("the grid    " + GenerationFiles.writeGrid(out, result.images(), perRow));
            }
            if (film) {
                GenerationFiles.writeImage(out.resolve("film.png"), strip.strip());
                more.add("the film    " + out.resolve("film.png"));
            }
            if (trace != null) {
                GenerationFiles.writeImage(out.resolve("trace.png"), steps.grid());
                more.add("the trace   " + out.resolve("trace.png"));
            }
            if (saveTensors != null) {
                result.saveTensors(saveTensors);
                more.add("the tensors " + saveTensors);
            }
            if (losses.isEmpty()) {
                LossTrace.delete(out.resolve("guidance.csv"));
            } else {
                losses.write(out.resolve("guidance.csv"));
                more.add("the losses  " + out.resolve("guidance.csv") + System.lineSeparator() + losses.summary());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%d %s in %s (%s, %d steps, %s, seed %d, %s)%n",
                            files.size(),
                            files.size() == 1 ? "picture" : "pictures",
                            out,
                            pipeline.scheduler().kind().key(),
                            request.steps(),
                            pipeline.precision().key(),
                            request.seed(),
                            Times.text(seconds));
            more.forEach(line -> spec.commandLine().getOut().println(line));
        }
    }

    private StepListener watched(Film strip, Trace steps) {
        StepListener first = film ? strip : StepListener.NONE;
        return trace == null ? first : first.andThen(steps);
    }

    /** Where f32 was not asked for by name, and this machine is known to be much faster in bf16. */
    private void adviseOnSpeed(DiffusionPipeline pipeline) {
        boolean chosen = from != null || spec.commandLine().getParseResult().hasMatchedOption("--dtype");
        double factor = SpeedProbe.known().map(SpeedProbe::bf16Factor).orElse(1.0);
        if (!chosen && pipeline.deviceName().equals("cpu") && factor >= MUCH_FASTER) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            Locale.ROOT,
                            "--dtype bf16 would be up to %.1f times faster here; the pictures differ by a few grey levels%n",
                            factor);
        }
    }

    static SampleSize parseSize(String text) {
        String[] parts = text.toLowerCase(Locale.ROOT).split("x");
        try {
            if (parts.length == 2) {
                return new SampleSize(Integer.parseInt(parts[1]), Integer.parseInt(parts[0]));
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw Problem.request("--size must be WxH, each from 1 to 65536, such as 64x48, but was '" + text + "'");
    }
}
