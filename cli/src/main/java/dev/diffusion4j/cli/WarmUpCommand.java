// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.ServerConfig;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.tensor.RandomStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
            int code = Diffuse.commandLine()
                    .execute(
                            "sample",
                            "--model",
                            folder.resolve("model").toString(),
                            "--steps",
                            "2",
                            "--grid",
                            "--out",
                            folder.resolve("out").toString());
            serve(folder.resolve("model"));
            return code;
        } finally {
            AtomicFile.deleteTree(folder);
        }
    }

    private static void serve(Path model) throws IOException {
        try (DiffusionServer server = DiffusionServer.start(
                Map.of("warm-up", ServiceModel.at(model)),
                ServiceConfig.DEFAULT,
                ServerConfig.DEFAULT.with(c -> c.port = 0))) {
            String job = "{\"request\": {\"sampling\": {\"steps\": 1}}}";
            ask(server.port(), "POST /api/v1/jobs", job);
            ask(server.port(), "GET /health/ready", "");
        }
    }

    /** Waits for the answer to a request. */
    private static void ask(int port, String what, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String text = what + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body;
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
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
