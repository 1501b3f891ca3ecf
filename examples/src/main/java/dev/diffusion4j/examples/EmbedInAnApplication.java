// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.NativeRuntime;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A server in miniature: one pipeline, loaded once, serves several threads. There is no launcher here that sets the environment,
 * so the library sets it by itself before the natives load; {@code -Ddiffusion4j.native=keep} refuses that.
 */
public final class EmbedInAnApplication implements AutoCloseable {
    private final DiffusionPipeline pipeline;
    private final ExecutorService workers = Executors.newFixedThreadPool(2);

    /** Loads the network; several requests may then wait for the two workers. */
    public EmbedInAnApplication(Path model) {
        // Any first use of the library does this; called early, it happens at the start and can be looked at.
        NativeRuntime.Status status = NativeRuntime.configure();
        status.settings().forEach(line -> System.out.println("set: " + line));
        status.warnings().forEach(line -> System.out.println("not set, which costs speed: " + line));
        pipeline = DiffusionPipeline.load(model);
    }

    /** One picture; its native memory is freed before this returns. */
    public Future<BufferedImage> draw(long seed) {
        return workers.submit(() -> {
            try (GenerationResult result =
                    pipeline.generate(GenerationRequest.of(r -> r.seed(seed).steps(10)))) {
                return result.images().get(0);
            }
        });
    }

    /** Running calls end first. */
    @Override
    public void close() {
        workers.shutdown();
        pipeline.close();
    }

    /** {@code EmbedInAnApplication MODEL_FOLDER}. */
    public static void main(String[] args) throws InterruptedException, ExecutionException {
        try (EmbedInAnApplication server = new EmbedInAnApplication(Path.of(args[0]))) {
            List<Future<BufferedImage>> pictures = new ArrayList<>();
            for (long seed = 0; seed < 6; seed++) {
                pictures.add(server.draw(seed));
            }
            for (Future<BufferedImage> picture : pictures) {
                System.out.println(picture.get().getWidth() + " pixels wide");
            }
        }
    }
}
