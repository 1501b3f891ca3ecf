// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.image.GifFile;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Toward;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The way from one picture to another. */
@Command(
        name = "interpolate",
        description = "The way from one seed's picture to another's, through the noises between theirs.",
        mixinStandardHelpOptions = true)
final class PlotInterpolate implements Callable<Integer> {
    private static final int COUNT = 10;
    private static final int LONGEST_ROW = 16;
    private static final int FRAME_MS = 150;
    private static final int PAUSE_MS = 1000;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "A model folder, or that of a run.")
    Path model = Path.of(".");

    @Option(
            names = "--to-seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "The seed of the last picture; --seed is that of the first. Default: ${DEFAULT-VALUE}.")
    long toSeed;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The PNG file: a strip.")
    Path out = Path.of("between.png");

    @Option(names = "--gif", paramLabel = "FILE", description = "Also as a moving picture.")
    @Nullable
    Path gif;

    @Mixin
    DrawOptions draw = new DrawOptions();

    @Mixin
    SchedulerChoice scheduler = new SchedulerChoice();

    @Override
    public Integer call() {
        PictureTarget.checkFile(out, ".png", "--out");
        if (gif != null) {
            PictureTarget.checkFile(gif, ".gif", "--gif");
        }
        Check.that(toSeed >= 0, "--to-seed must be >= 0, but was " + toSeed);
        Check.that(
                draw.label == null || !draw.label.equalsIgnoreCase("all"),
                "--class must be one class, because the pictures are to become each other");
        try (DiffusionPipeline loaded = draw.load(model, spec.commandLine().getErr())) {
            Chosen chosen = scheduler.of(
                    loaded, draw.request(loaded, COUNT, spec.commandLine().getErr()));
            GenerationRequest request = chosen.request().with(r -> r.toward(Toward.seed(toSeed)));
            try (Progress progress = Progress.steps("drawing", request);
                    GenerationResult result = chosen.pipeline().generate(request, progress, new Cancellation())) {
                progress.close();
                List<BufferedImage> pictures = ImageGrid.visible(result.images());
                PngFile.write(out, ImageGrid.of(pictures, LONGEST_ROW), Map.of());
                if (gif != null) {
                    GifFile.write(gif, pictures, FRAME_MS, PAUSE_MS);
                }
                spec.commandLine()
                        .getOut()
                        .printf(
                                Locale.ROOT,
                                "%s: %d pictures from seed %d to seed %d%n",
                                out,
                                request.count(),
                                request.seed(),
                                toSeed);
            }
        }
        return 0;
    }
}
