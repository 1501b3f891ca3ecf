// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.metric.DrawnPictures;
import dev.diffusion4j.plot.NoisePictures;
import dev.diffusion4j.plot.ScheduleSpec;
import dev.diffusion4j.schedule.NoiseSchedule;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the forward process does to pictures. */
@Command(
        name = "noise",
        description = "What noise does to pictures: a strip of eight timesteps, a grid of all, or five panels.",
        mixinStandardHelpOptions = true)
final class PlotNoise implements Callable<Integer> {
    private static final List<String> KINDS = List.of("strip", "grid", "panels");
    private static final int GRID_TIMESTEPS = 150;
    private static final int STRIP_TIMESTEPS = 1000;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            defaultValue = "strip",
            description =
                    "strip (512x64: eight pictures at eight timesteps), grid (10x15: one picture at all of 150 timesteps) or "
                            + "panels (one picture clean and at four times of the continuous cosine schedule); default: ${DEFAULT-VALUE}.")
    String kind = "strip";

    @Option(names = "--data", paramLabel = "SPEC", description = "Pictures of a data set, as in diffuse data.")
    @Nullable
    String data;

    @Option(names = "--image", paramLabel = "FILE", description = "Or one picture.")
    @Nullable
    Path image;

    @Option(
            names = "--index",
            paramLabel = "N",
            defaultValue = "0",
            description = "The (first) picture of the data set; default: ${DEFAULT-VALUE}.")
    int index;

    @Option(
            names = "--size",
            paramLabel = "N",
            description = "The side that pictures are brought to; default: the data's own.")
    @Nullable
    Integer size;

    @Option(
            names = "--fit",
            paramLabel = "MODE",
            defaultValue = "crop",
            description = "How: exact, crop or pad; default: ${DEFAULT-VALUE}.")
    String fit = "crop";

    @Option(
            names = "--schedule",
            paramLabel = "NAME[:START-END]",
            defaultValue = "linear",
            description = "The schedule of strip and grid; default: ${DEFAULT-VALUE}.")
    String schedule = "linear";

    @Option(names = "--timesteps", paramLabel = "T", description = "Its timesteps; default: 1000, of a grid 150.")
    @Nullable
    Integer timesteps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Seed of the noise; default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The PNG file.")
    Path out = Path.of("noise.png");

    @Override
    public Integer call() {
        if (!KINDS.contains(kind)) {
            throw Problem.request("--kind must be one of " + String.join(", ", KINDS) + ", but was '" + kind + "'");
        }
        if ((data == null) == (image == null)) {
            throw Problem.request("give either --data SPEC or --image FILE");
        }
        PictureTarget.checkFile(out, ".png", "--out");
        int count = timesteps == null ? kind.equals("grid") ? GRID_TIMESTEPS : STRIP_TIMESTEPS : timesteps;
        NoiseSchedule noise = ScheduleSpec.parse(schedule).over(Check.inRange(count, 2, 100_000, "--timesteps"));
        ResizeMode mode = Keyed.fromKey(ResizeMode.class, fit, "--fit");
        try (Dataset dataset =
                data != null ? DataSources.open(data) : onePicture(java.util.Objects.requireNonNull(image))) {
            int side = size == null ? dataset.naturalSize() : Check.inRange(size, 1, 4096, "--size");
            NoisePictures pictures = new NoisePictures(dataset, index, side, mode, seed);
            PngFile.write(
                    out,
                    switch (kind) {
                        case "strip" -> pictures.strip(noise);
                        case "grid" -> pictures.grid(noise);
                        default -> pictures.panels();
                    },
                    Map.of());
        }
        spec.commandLine().getOut().println(out);
        return 0;
    }

    private static Dataset onePicture(Path file) {
        return new DrawnPictures(file.toString(), List.of(PictureFile.read(file)), null);
    }
}
