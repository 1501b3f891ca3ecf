// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Loads a folder that diffusers or this library saved, of a network that knows classes, and draws four. Same seed, same pictures. */
public final class LoadAndSample {
    private LoadAndSample() {}

    /** {@code LoadAndSample MODEL_FOLDER OUT_FOLDER}. */
    public static void main(String[] args) throws IOException {
        Path model = Path.of(args[0]);
        Path out = Path.of(args[1]);
        GenerationRequest request =
                GenerationRequest.of(r -> r.classes(List.of(2, 0, 2, 6)).seed(7).steps(30));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(model);
                DiffusionPipeline pipeline = loaded.withScheduler(SchedulerKind.DDIM);
                GenerationResult result = pipeline.generate(request)) {
            List<BufferedImage> pictures = result.images();
            for (int i = 0; i < pictures.size(); i++) {
                File file = out.resolve("picture-" + i + ".png").toFile();
                ImageIO.write(pictures.get(i), "png", file);
            }
        }
    }
}
