// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.clients;

import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.ServerConfig;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** A server of a tiny model, and the pictures that the pipeline itself draws. */
final class Served {
    static final String PROMPT = "a red cat";
    static final int SIDE = 32;

    private static final Path FOLDER = Path.of("../../core/src/test/resources/golden/tiny-sd");

    private Served() {}

    static DiffusionServer start() {
        return DiffusionServer.start(
                Map.of("tiny", ServiceModel.at(FOLDER)), ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> {
                    c.port = 0;
                    c.aliases = Map.of("gpt-image-1", "tiny", "dall-e-3", "tiny");
                }));
    }

    static String address(DiffusionServer server) {
        return "http://127.0.0.1:" + server.port() + "/v1";
    }

    /** The pixels of the pipeline's picture, as {@code diffuse sample} draws it. */
    static int[] drawn(long seed, @Nullable Integer steps, Consumer<RequestDraft> edit) {
        GenerationRequest request = GenerationRequest.of(r -> {
            r.prompt(PROMPT).seed(seed).size(new SampleSize(SIDE, SIDE));
            edit.accept(r);
        });
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER)) {
            Chosen chosen = SamplerNames.selection(null, null, steps).on(pipeline, request);
            try (GenerationResult result = chosen.pipeline().generate(chosen.request())) {
                return pixels(result.images().get(0));
            }
        }
    }

    static int[] pixels(BufferedImage image) {
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    static int[] pixels(byte[] file) {
        try {
            return pixels(ImageIO.read(new ByteArrayInputStream(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] file(String base64) {
        return Base64.getDecoder().decode(base64);
    }

    /** The seed that a picture's note has: some clients cannot ask for one. */
    static long seed(byte[] png) {
        try {
            String note = PngFile.readNotes(new ByteArrayInputStream(png), "the answer")
                    .get("diffusion4j");
            Map<String, @Nullable Object> settings = Json.object(
                    Json.parseObject(String.valueOf(note), "the note").get("settings"));
            Map<String, @Nullable Object> request = Json.object(settings.get("request"));
            return ((Number) java.util.Objects.requireNonNull(
                            Json.object(request.get("canvas")).get("seed")))
                    .longValue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
