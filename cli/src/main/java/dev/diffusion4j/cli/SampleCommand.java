// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.Film;
import dev.diffusion4j.pipeline.GenerationFiles;
import dev.diffusion4j.pipeline.GenerationNote;
import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.NoiseMode;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
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
            description = "Draw this picture again, from the note that sample wrote into it.")
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
                    "Share of fresh noise in each ddim step: 0 none, 1 as much as ddpm; default: ${DEFAULT-VALUE}.")
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

    @Option(names = "--grid", description = "Also write grid.png: all pictures in one.")
    boolean grid;

    @Option(
            names = "--film",
            description =
                    "Also write film.png: the first picture over the steps; above what is denoised, below the guess at the "
                            + "finished picture.")
    boolean film;

    @Option(
            names = "--save-tensors",
            paramLabel = "FILE",
            description = "Also write the tensor 'samples' (N, C, H, W), f32, before clamping, as safetensors.")
    @Nullable
    Path saveTensors;

    @Override
    public Integer call() {
        if ((model == null) == (from == null)) {
            throw UserError.usage("give either --model DIR or --from IMAGE.png");
        }
        AtomicFile.checkFolder(out);
        if (saveTensors != null && saveTensors.toAbsolutePath().getParent() != null) {
            AtomicFile.checkFolder(saveTensors.toAbsolutePath().getParent());
        }
        return from != null ? again(from) : draw(java.util.Objects.requireNonNull(model));
    }

    private int draw(Path folder) {
        LoadOptions options = new LoadOptions(device, Keyed.fromKey(Precision.class, dtype, "--dtype"), variant);
        try (DiffusionPipeline loaded = DiffusionPipeline.load(folder, options);
                Chosen chosen = choose(loaded)) {
            GenerationRequest request = request(chosen.pipeline()).withStepOptions(chosen.step());
            write(chosen.pipeline(), request, folder.toString(), null);
        }
        return 0;
    }

    private record Chosen(DiffusionPipeline pipeline, StepOptions step) implements AutoCloseable {
        @Override
        public void close() {
            pipeline.close();
        }
    }

    private Chosen choose(DiffusionPipeline loaded) {
        SchedulerKind kind = scheduler == null
                ? loaded.scheduler().kind()
                : Keyed.fromKey(SchedulerKind.class, scheduler, "--scheduler");
        SchedulerOptions options = SchedulerOptions.parse(kind, schedulerOptions, "--scheduler-option");
        return new Chosen(loaded.withScheduler(kind, options.config()), options.step());
    }

    private GenerationRequest request(DiffusionPipeline pipeline) {
        return GenerationRequest.DEFAULT
                .withCount(count)
                .withSeed(seed)
                .withSteps(steps == null ? pipeline.defaultSteps() : steps)
                .withEta(eta)
                .withSize(size == null ? null : parseSize(size))
                .withBatchSize(batch)
                .withNoise(Keyed.fromKey(NoiseMode.class, noise, "--noise"))
                .withOptionalClasses(classes(pipeline.numClasses()));
    }

    private @Nullable List<Integer> classes(int known) {
        if (label == null) {
            return null;
        }
        List<Integer> wanted = new ArrayList<>();
        if (label.equalsIgnoreCase("all")) {
            for (int i = 0; i < known; i++) {
                wanted.add(i);
            }
        } else {
            try {
                wanted.add(Integer.parseInt(label));
            } catch (NumberFormatException e) {
                throw UserError.usage("--class must be a whole number or 'all', but was '" + label + "'");
            }
        }
        List<Integer> each = new ArrayList<>();
        wanted.forEach(value -> each.addAll(java.util.Collections.nCopies(count, value)));
        if (each.isEmpty()) {
            throw UserError.usage("this network was not trained on classes: leave --class away");
        }
        return each;
    }

    private int again(Path picture) {
        GenerationNote.Read read = GenerationNote.read(picture);
        GenerationNote note = read.note();
        LoadOptions options = new LoadOptions(
                read.manifest().device(),
                Keyed.fromKey(Precision.class, read.manifest().dtype(), "dtype"),
                variant);
        SchedulerKind kind = SchedulerKind.ofClass(note.scheduler(), picture.toString());
        try (DiffusionPipeline loaded = DiffusionPipeline.load(Path.of(note.model()), options);
                DiffusionPipeline pipeline = loaded.withScheduler(kind, note.schedulerConfig())) {
            if (!pipeline.modelHash().equals(read.manifest().modelHash())) {
                spec.commandLine()
                        .getErr()
                        .println("diffuse: the weights in " + note.model()
                                + " are not those that this picture was drawn with; it may differ");
            }
            write(pipeline, note.request(), note.model(), note.index());
        }
        return 0;
    }

    /** @param only the index of the one picture that is wanted, or {@code null} for all */
    private void write(DiffusionPipeline pipeline, GenerationRequest request, String folder, @Nullable Integer only) {
        long start = System.nanoTime();
        Film strip = new Film(FILM_FRAMES, pipeline.scheduler().sampleRange());
        try (Progress progress = Progress.steps("sampling", request);
                GenerationResult result = pipeline.generate(
                        request,
                        film ? strip.andThen(progress) : StepListener.NONE.andThen(progress),
                        new Cancellation())) {
            progress.close();
            List<Path> files = GenerationFiles.write(out, result, pipeline, request, folder, only);
            if (grid) {
                GenerationFiles.writeGrid(out, result.images(), perRow(request));
            }
            if (film) {
                GenerationFiles.writeImage(out.resolve("film.png"), strip.strip());
            }
            if (saveTensors != null) {
                result.saveTensors(saveTensors);
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
        }
    }

    private int perRow(GenerationRequest request) {
        boolean rows = label != null && label.equalsIgnoreCase("all");
        return rows && count > 1 ? count : Math.min(8, request.count());
    }

    static SampleSize parseSize(String text) {
        String[] parts = text.toLowerCase(Locale.ROOT).split("x");
        try {
            if (parts.length == 2) {
                return new SampleSize(Integer.parseInt(parts[1]), Integer.parseInt(parts[0]));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw UserError.usage("--size must be WxH, such as 64x48, but was '" + text + "'");
    }
}
