// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.Limits;
import dev.diffusion4j.serve.ServerConfig;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * A packed demo at work: a page on which visitors choose a value and a scale, over the jobs of a {@link DiffusionServer}. The last picture is also
 * {@code test.jpeg} in the folder.
 *
 * <pre>{@code
 * try (Demo demo = Demo.start(Path.of("demo"), "127.0.0.1", 7860)) {
 *     Thread.currentThread().join(); // http://127.0.0.1:7860/
 * }
 * }</pre>
 */
public final class Demo implements AutoCloseable {
    /** What the requests call its model. */
    static final String MODEL = "demo";

    private static final Limits LIMITS = Limits.DEFAULT.with(c -> {
        c.count = 1;
        c.requests = 8;
        c.pixels = 1024 * 1024;
        c.body = 64 << 10;
    });

    private final DiffusionServer server;
    private final DemoExtension extension;
    private final String host;

    private Demo(DiffusionServer server, DemoExtension extension, String host) {
        this.server = server;
        this.extension = extension;
        this.host = host;
    }

    /**
     * Listens.
     *
     * @param folder that {@link DemoPack} made
     * @param host the address of this machine that it listens on; whoever reaches it may draw
     * @param port 0 for any that is free
     * @throws Problem where the folder holds no demo or its model is broken, or why it cannot listen
     */
    public static Demo start(Path folder, String host, int port) {
        if (!Files.isDirectory(folder)) {
            throw Problem.failure("there is no folder " + folder);
        }
        DemoConfig config = DemoConfig.read(folder);
        ServerConfig where = ServerConfig.DEFAULT.with(c -> {
            c.host = host;
            c.port = port;
            c.insecure = true;
            c.limits = LIMITS;
        });
        DemoExtension extension = new DemoExtension(config, folder, host);
        try {
            Map<String, ServiceModel> models = Map.of(MODEL, ServiceModel.at(folder.resolve(config.model())));
            return new Demo(DiffusionServer.start(models, ServiceConfig.DEFAULT, where, extension), extension, host);
        } catch (Throwable e) {
            extension.close();
            throw e;
        }
    }

    /** The page; on this machine where it listens on all addresses. */
    public URI address() {
        boolean isAll = host.equals("0.0.0.0") || host.equals("::");
        String shown = isAll ? "127.0.0.1" : host.contains(":") ? "[" + host + "]" : host;
        return URI.create("http://" + shown + ":" + server.port() + "/");
    }

    @Override
    public void close() {
        server.stop(Duration.ZERO);
        extension.close();
    }
}
