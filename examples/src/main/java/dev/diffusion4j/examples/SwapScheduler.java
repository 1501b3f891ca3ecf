// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One network, several sampling algorithms, the same seeds: a row for each. The network is in memory once. */
public final class SwapScheduler {
    private static final int PER_ROW = 6;

    private SwapScheduler() {}

    /** {@code SwapScheduler MODEL_FOLDER PICTURE.png}. */
    public static void main(String[] args) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.count(PER_ROW).seed(1).steps(20));
        List<BufferedImage> rows = new ArrayList<>();
        try (DiffusionPipeline loaded = DiffusionPipeline.load(Path.of(args[0]))) {
            for (SchedulerKind kind :
                    List.of(SchedulerKind.DDIM, SchedulerKind.EULER_ANCESTRAL, SchedulerKind.DPM_MULTISTEP)) {
                rows.addAll(draw(loaded, kind, Map.of(), request));
            }
            // a setting of one algorithm, by its key in scheduler_config.json
            rows.addAll(draw(loaded, SchedulerKind.DPM_MULTISTEP, Map.of("use_karras_sigmas", true), request));
        }
        PngFile.write(Path.of(args[1]), ImageGrid.of(rows, PER_ROW));
    }

    private static List<BufferedImage> draw(
            DiffusionPipeline loaded, SchedulerKind kind, Map<String, ?> settings, GenerationRequest request) {
        try (DiffusionPipeline pipeline = loaded.withScheduler(kind, settings);
                GenerationResult result = pipeline.generate(request)) {
            return result.images();
        }
    }
}
