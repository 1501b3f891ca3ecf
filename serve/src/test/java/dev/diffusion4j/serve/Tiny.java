// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Servers of a tiny model, and what tests of them have in common. */
final class Tiny {
    static final Path GOLDEN = Path.of("../core/src/test/resources/golden");
    static final String GENERATIONS = "/v1/images/generations";
    static final String SMALL = "{\"prompt\":\"a red cat\",\"steps\":2,\"seed\":5}";

    private Tiny() {}

    /** A server of one model that draws what a text says, at a port that is free. */
    static DiffusionServer server(Consumer<ServerConfig.Draft> edit) {
        return DiffusionServer.start(
                Map.of("tiny", ServiceModel.at(GOLDEN.resolve("tiny-sd"))),
                ServiceConfig.DEFAULT,
                ServerConfig.DEFAULT.with(c -> {
                    c.port = 0;
                    edit.accept(c);
                }));
    }

    /**
     * The pixels of the first picture of a request, drawn by the pipeline itself.
     *
     * @param sampler as the webui calls it
     */
    static int[] drawn(GenerationRequest request, String sampler, @Nullable String schedule, int steps) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(GOLDEN.resolve("tiny-sd"))) {
            Chosen chosen = SamplerNames.selection(sampler, schedule, steps).on(pipeline, request);
            try (GenerationResult result = chosen.pipeline().generate(chosen.request())) {
                BufferedImage image = result.images().get(0);
                return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
            }
        }
    }

    /** Waits; the timeout of the test ends it. */
    static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(10);
        }
    }
}
