// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.LossTrace;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The same seeds three times: as they are, steered by a lambda, and by that and a built-in loss. */
public final class SteerWithALambda {
    private static final int PER_ROW = 6;

    private SteerWithALambda() {}

    /** {@code SteerWithALambda MODEL_FOLDER PICTURE.png}. */
    public static void main(String[] args) {
        // pictures are (B, C, H, W), 0 black and 1 white; the loss of each, (B): here how bright the upper half is
        GuidanceLoss darkAbove = pictures -> TensorScope.keepResult(
                () -> pictures.narrow(2, 0, pictures.size(2) / 2).mean(1, 2, 3));
        LossGuidance dark = LossGuidance.of("dark above", darkAbove, 200);

        List<BufferedImage> rows = new ArrayList<>();
        try (GuideKit kit = new GuideKit();
                DiffusionPipeline loaded = DiffusionPipeline.load(Path.of(args[0]));
                DiffusionPipeline pipeline = loaded.withScheduler(SchedulerKind.DDIM)) {
            rows.addAll(draw(pipeline, List.of()));
            rows.addAll(draw(pipeline, List.of(dark)));
            rows.addAll(draw(pipeline, List.of(dark, kit.parse("symmetry=left-right:100,gradient=exact"))));
        }
        PngFile.write(Path.of(args[1]), ImageGrid.of(rows, PER_ROW));
    }

    private static List<BufferedImage> draw(DiffusionPipeline from, List<LossGuidance> steering) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.count(PER_ROW).seed(1).steps(20));
        LossTrace trace = new LossTrace();
        try (DiffusionPipeline steered = from.steeredBy(steering);
                GenerationResult result = steered.generate(request, trace, new Cancellation())) {
            System.out.println(trace.summary());
            return result.images();
        }
    }
}
