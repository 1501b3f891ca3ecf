// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.Film;
import dev.diffusion4j.pipeline.GenerationFiles;
import dev.diffusion4j.pipeline.GenerationNote;
import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.LossTrace;
import dev.diffusion4j.pipeline.NoiseMode;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.Trace;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.TerminalSignal;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.SpeedProbe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
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
            description = "The model: a folder with model_index.json, saved by diffuse train or by diffusers.")
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
            names = "--scheduler",
            paramLabel = "NAME",
            description = "The sampling algorithm: ${COMPLETION-CANDIDATES}. Default: the model's own, as configured.",
            completionCandidates = Choices.Schedulers.class)
    @Nullable
    String scheduler;

    @Option(
            names = "--scheduler-option",
            paramLabel = "KEY=VALUE",
            description = "Change a setting of the scheduler: use_karras_sigmas=true, s_churn=20, mu=1.15, …")
    List<String> schedulerOptions = new ArrayList<>();

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Denoising steps; default: 50, with ddpm all timesteps of the training (mostly 1000).")
    @Nullable
    Integer steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Picture k is drawn with seed N + k; default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "1",
            description = "How many pictures, with --class of each class; default: ${DEFAULT-VALUE}.")
    int count;

    @Option(
            names = "--class",
            paramLabel = "N|all",
            description =
                    "The class to draw, from 0; 'all' draws --count of each. Needed where the model knows classes.")
    @Nullable
    String label;

    @Option(
            names = "--eta",
            paramLabel = "X",
            defaultValue = "0",
            description =
                    "With ddim, share of fresh noise in each step: 0 none, 1 as much as ddpm; default: ${DEFAULT-VALUE}.")
    double eta;

    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width x height, such as 64x48; default: the size in the model's config.")
    @Nullable
    String size;

    @Option(
            names = "--device",
            paramLabel = "D",
            defaultValue = "cpu",
            description = "cpu, cuda, cuda:N or auto (cuda where there is one); default: ${DEFAULT-VALUE}.")
    String device = "cpu";

    @Option(
            names = "--dtype",
            paramLabel = "T",
            defaultValue = "f32",
            description =
                    "What is computed in: f32 (the pictures that diffusers draws), bf16, or auto (bf16 where it is "
                            + "clearly faster); default: ${DEFAULT-VALUE}.")
    String dtype = "f32";

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description =
                    "Pictures drawn together: fewer need less memory; the pictures are the same. Default: ${DEFAULT-VALUE}.")
    int batch;

    @Option(
            names = "--noise",
            paramLabel = "MODE",
            defaultValue = "per-image",
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
            names = "--out",
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
    SweepOptions sweep = new SweepOptions();

    @Mixin
    GuideOptions guidance = new GuideOptions();

    @Mixin
    PromptOptions words = new PromptOptions();

    @Mixin
    LoraOptions adapters = new LoraOptions();

    @Override
    public Integer call() {
        if (model == null && from == null) {
            throw UserError.usage("give either --model DIR or --from IMAGE.png");
        }
        GenerationRequest asked = from == null ? asked() : GenerationRequest.DEFAULT;
        if (from != null) {
            refuseUnheeded();
        }
        AtomicFile.checkFolder(out);
        if (saveTensors != null && saveTensors.toAbsolutePath().getParent() != null) {
            AtomicFile.checkFolder(saveTensors.toAbsolutePath().getParent());
        }
        return from != null ? again(from) : draw(java.util.Objects.requireNonNull(model), asked);
    }

    private void refuseUnheeded() {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!HEEDED_WITH_FROM.contains(option.longestName())) {
                throw UserError.usage("--from draws the picture as its note says and does not heed "
                        + option.longestName() + ": leave it away, or draw another picture with --model");
            }
        }
    }

    /** All that can be checked before the model is read. */
    private GenerationRequest asked() {
        Check.positive(count, "--count");
        Check.positive(batch, "--batch");
        Check.that(seed >= 0, "--seed must be >= 0, but was " + seed);
        Check.that(
                seed <= Long.MAX_VALUE - count + 1,
                "--seed must be at most " + (Long.MAX_VALUE - count + 1) + " with --count " + count
                        + ", because picture k is drawn with seed N + k; but was " + seed);
        Check.notNegative(eta, "--eta");
        if (trace != null) {
            Check.positive(trace, "--trace");
        }
        Check.that(
                !sweep.isGiven() || !grid && !film && trace == null && saveTensors == null,
                "a sweep writes sweep.png and sweep.gif: leave --grid, --film, --trace and --save-tensors away");
        if (steps != null) {
            Check.positive(steps, "--steps");
        }
        return GenerationRequest.DEFAULT
                .withCount(count)
                .withSeed(seed)
                .withEta(eta)
                .withSize(size == null ? null : parseSize(size))
                .withBatchSize(batch)
                .withGuidance(sweep.isGiven() ? sweep.settings(guidance) : guidance.classifierFree())
                .withNoise(Keyed.fromKey(NoiseMode.class, noise, "--noise"));
    }

    private int draw(Path folder, GenerationRequest asked) {
        ClassChoice classes = ClassChoice.parse(label == null && sweep.isGiven() ? "all" : label);
        SchedulerKind kind = scheduler == null ? null : Keyed.fromKey(SchedulerKind.class, scheduler, "--scheduler");
        LoadOptions options =
                new LoadOptions(device, Keyed.fromKey(Precision.class, dtype, "--dtype"), variant, adapters.choices());
        try (GuideKit kit = guidance.kit(null, this::tell)) {
            List<LossGuidance> steering = kit.parseAll(guidance.guides);
            draw(folder, asked, classes, kind, options, steering);
        }
        return 0;
    }

    private void draw(
            Path folder,
            GenerationRequest asked,
            ClassChoice classes,
            @Nullable SchedulerKind kind,
            LoadOptions options,
            List<LossGuidance> steering) {
        try (DiffusionPipeline loaded = DiffusionPipeline.load(folder, options);
                Chosen chosen = choose(loaded, kind);
                DiffusionPipeline pipeline = chosen.pipeline().steeredBy(steering)) {
            checkEta(pipeline.scheduler());
            TerminalSignal.warning(pipeline.scheduler())
                    .ifPresent(line -> spec.commandLine().getErr().println("diffuse: " + line));
            GenerationRequest request = asked.withSteps(steps == null ? pipeline.defaultSteps() : steps)
                    .withOptionalClasses(classes.of(pipeline, count))
                    .withStepOptions(chosen.step());
            request = words.apply(request, pipeline, count, spec.commandLine().getErr());
            if (sweep.isGiven()) {
                new SweepDrawing(pipeline, request).write(sweep.all(), out, spec.commandLine());
                return;
            }
            write(pipeline, request, folder.toString(), classes.perRow(pipeline, count), null);
        }
    }

    private void tell(String line) {
        spec.commandLine().getErr().println("diffuse: " + line);
    }

    private void checkEta(Scheduler chosen) {
        if (eta > 0 && !chosen.takesEta()) {
            List<String> takers = Arrays.stream(SchedulerKind.values())
                    .filter(kind -> kind.create(Map.of()).takesEta())
                    .map(SchedulerKind::key)
                    .toList();
            throw UserError.usage("the scheduler '" + chosen.kind().key()
                    + "' takes no --eta: leave it away, or choose one that does with --scheduler: "
                    + String.join(", ", takers));
        }
    }

    private record Chosen(DiffusionPipeline pipeline, StepOptions step) implements AutoCloseable {
        @Override
        public void close() {
            pipeline.close();
        }
    }

    private Chosen choose(DiffusionPipeline loaded, @Nullable SchedulerKind wanted) {
        SchedulerKind kind = wanted == null ? loaded.scheduler().kind() : wanted;
        SchedulerOptions options = SchedulerOptions.parse(kind, schedulerOptions, "--scheduler-option");
        return new Chosen(loaded.withScheduler(kind, options.config()), options.step());
    }

    private int again(Path picture) {
        GenerationNote.Read read = GenerationNote.read(picture);
        GenerationNote note = read.note();
        LoadOptions options = new LoadOptions(
                read.manifest().device(),
                Keyed.fromKey(Precision.class, read.manifest().dtype(), "dtype"),
                variant,
                note.loras().stream().map(LoraChoice::parse).toList());
        SchedulerKind kind = SchedulerKind.ofClass(note.scheduler(), picture.toString());
        Path folder = model != null ? model : Path.of(note.model());
        if (model == null && !Files.exists(folder)) {
            throw UserError.failure("there is no folder " + folder + ", with whose model " + picture
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
        Trace steps = new Trace(
                Trace.Steps.evenly(trace == null ? 1 : trace),
                pipeline.scheduler().sampleRange());
        Film strip = new Film(FILM_FRAMES, pipeline.scheduler().sampleRange(), only == null ? 0 : only);
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
            if (!losses.isEmpty()) {
                losses.write(out.resolve("guidance.csv"));
                more.add("the losses  " + out.resolve("guidance.csv") + System.lineSeparator() + losses.summary());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%d %s in %s (%s, %d steps, %s, seed %d, %.1f s)%n",
                            files.size(),
                            files.size() == 1 ? "picture" : "pictures",
                            out,
                            pipeline.scheduler().kind().key(),
                            request.steps(),
                            pipeline.precision().key(),
                            request.seed(),
                            seconds);
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
        throw UserError.usage("--size must be WxH, each from 1 to 65536, such as 64x48, but was '" + text + "'");
    }
}
