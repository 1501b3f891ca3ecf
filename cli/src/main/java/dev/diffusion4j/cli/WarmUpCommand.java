// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Does what most calls do, with a network of a few weights: the launcher runs it once after a build while the JVM notes down all
 * classes that it loads, so that later calls find them ready (class data sharing) and start in less time.
 */
@Command(name = "warm-up", hidden = true, description = "Load the classes that most calls need.")
final class WarmUpCommand implements Callable<Integer> {
    private static final Map<String, Object> TINY = Map.of(
            "sample_size", 8L,
            "in_channels", 1L,
            "out_channels", 1L,
            "layers_per_block", 1L,
            "norm_num_groups", 4L,
            "block_out_channels", List.of(8L, 8L),
            "down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"),
            "up_block_types", List.of("AttnUpBlock2D", "UpBlock2D"));

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("diffuse-warm-up");
        try {
            save(folder.resolve("model"));
            return Diffuse.commandLine()
                    .execute(
                            "sample",
                            "--model",
                            folder.resolve("model").toString(),
                            "--steps",
                            "2",
                            "--grid",
                            "--out",
                            folder.resolve("out").toString());
        } finally {
            AtomicFile.deleteTree(folder);
        }
    }

    private static void save(Path folder) {
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(TINY);
        try (RandomStream random = new RandomStream(0);
                DiffusionPipeline pipeline = DiffusionPipeline.of(model, SchedulerKind.DDPM.create(Map.of()))) {
            model.initialize(random);
            pipeline.save(folder);
        }
    }
}
