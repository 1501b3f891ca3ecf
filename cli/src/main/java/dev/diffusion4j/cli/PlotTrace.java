// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.image.GifFile;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.plot.StepPictures;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** From noise to pictures, step by step. */
@Command(
        name = "trace",
        description = "From noise to pictures, step by step: panels, a row of thumbnails, a grid and a GIF.",
        mixinStandardHelpOptions = true)
final class PlotTrace implements Callable<Integer> {
    private static final int COUNT = 4;
    private static final int FRAMES = 50;
    private static final int FRAME_MS = 100;
    private static final int PAUSE_MS = 2000;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "A model folder, or that of a run.")
    Path model = Path.of(".");

    @Option(
            names = "--every",
            paramLabel = "N",
            defaultValue = "10",
            description = "Panels for each N-th step, and the last; default: ${DEFAULT-VALUE}.")
    int every;

    @Option(
            names = "--thumbnails",
            paramLabel = "N",
            defaultValue = "15",
            description = "Steps in thumbnails.png; default: ${DEFAULT-VALUE}.")
    int thumbnails;

    @Option(
            names = "--columns",
            paramLabel = "N",
            defaultValue = "20",
            description = "Steps in a row of grid.png, which has a row for each picture; default: ${DEFAULT-VALUE}.")
    int columns;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "The folder for step-0000.png, …, thumbnails.png, grid.png, trace.gif.")
    Path out = Path.of(".");

    @Mixin
    DrawOptions draw = new DrawOptions();

    @Mixin
    SchedulerChoice scheduler = new SchedulerChoice();

    @Override
    public Integer call() {
        PictureTarget.checkFolder(out, "--out");
        Check.positive(every, "--every");
        Check.positive(thumbnails, "--thumbnails");
        Check.positive(columns, "--columns");
        try (DiffusionPipeline loaded = draw.load(model, spec.commandLine().getErr())) {
            GenerationRequest asked =
                    draw.request(loaded, COUNT, spec.commandLine().getErr());
            Chosen chosen = scheduler.of(loaded, asked.with(r -> r.batchSize(asked.count())));
            Check.that(
                    chosen.request().batches() == 1,
                    "{prompt} asks for other adapters than the prompt before, but a trace shows pictures that are drawn together:"
                            + " make a trace of each");
            trace(chosen.pipeline(), chosen.request());
        }
        return 0;
    }

    private void trace(DiffusionPipeline pipeline, GenerationRequest request) {
        StepPictures steps = new StepPictures(pipeline.codec(), request.count());
        try (Progress progress = Progress.steps("drawing", request);
                GenerationResult result = pipeline.generate(request, steps.andThen(progress), new Cancellation())) {
            progress.close();
            Map<Integer, BufferedImage> panels = steps.panels(every);
            panels.forEach((step, panel) ->
                    PngFile.write(out.resolve(String.format(Locale.ROOT, "step-%04d.png", step)), panel, Map.of()));
            PngFile.write(out.resolve("thumbnails.png"), steps.thumbnails(thumbnails), Map.of());
            PngFile.write(out.resolve("grid.png"), steps.grid(columns), Map.of());
            List<BufferedImage> frames = steps.frames(FRAMES);
            GifFile.write(out.resolve("trace.gif"), frames, FRAME_MS, PAUSE_MS);
            PrintWriter to = spec.commandLine().getOut();
            to.printf(
                    Locale.ROOT,
                    "%d steps of %s: %d panels, thumbnails.png, grid.png, trace.gif in %s%n",
                    steps.steps(),
                    pipeline.scheduler().algorithm().key(),
                    panels.size(),
                    out);
        }
    }
}
