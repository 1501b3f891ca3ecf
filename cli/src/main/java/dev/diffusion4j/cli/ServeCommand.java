// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.ServedModels;
import dev.diffusion4j.service.ServiceModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws for clients over HTTP until it is stopped. */
@Command(
        name = "serve",
        description =
                "Serve models over HTTP to the clients of OpenAI's interface for pictures and of A1111's webui, until it is stopped.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse serve --model runs/quickstart/model",
            "  diffuse serve --model models/sd15=sd15 --alias dall-e-3=sd15 --host 0.0.0.0 --api-key-file keys.txt"
        },
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    /** Held here, since a logger that nobody holds forgets its level. */
    private static final List<Logger> CHATTY =
            List.of(Logger.getLogger("org.eclipse.jetty"), Logger.getLogger("io.javalin"));

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--model",
            paramLabel = "PLACE[=NAME]",
            description =
                    "A model to serve: a folder with model_index.json, that of a run, one file of a Stable Diffusion, or org/name on the Hub; by "
                            + "NAME, or by its own name. May be given again; the first is the usual one.")
    List<String> models = new ArrayList<>();

    @Option(
            names = "--models-dir",
            paramLabel = "DIR",
            description = "Serve all models in this folder by the names of their folders and files.")
    @Nullable
    Path modelsDir;

    @Mixin
    ServeOptions server = new ServeOptions();

    @Mixin
    ServeLimits limits = new ServeLimits();

    @Override
    public Integer call() {
        quieten();
        DiffusionServer running = start();
        stopWith(running);
        PrintWriter out = spec.commandLine().getOut();
        out.println("serving " + String.join(", ", running.service().models()) + " on http://" + server.hostText() + ":"
                + running.port() + "/v1; Ctrl-C stops it");
        out.flush();
        try {
            new CountDownLatch(1).await();
            return 0;
        } catch (InterruptedException e) {
            running.close();
            throw new CancellationException("the server was interrupted");
        }
    }

    /** What the web libraries say of themselves is of no use in a terminal. */
    static void quieten() {
        CHATTY.forEach(logger -> logger.setLevel(Level.WARNING));
    }

    private DiffusionServer start() {
        try (HubLine hub = new HubLine()) {
            Map<String, ServiceModel> found = ServedModels.find(models, modelsDir, hub);
            return DiffusionServer.start(found, limits.service(), server.config(limits.ofRequests()));
        }
    }

    /** Ctrl-C and kill refuse new work, let that which is there end, and end the process with 0: that is how a server ends well. */
    private void stopWith(DiffusionServer running) {
        PrintWriter err = spec.commandLine().getErr();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            err.println("stopping: pictures at work are finished, for "
                    + limits.service().closing().toSeconds() + " seconds at most");
            err.flush();
            running.close();
            Runtime.getRuntime().halt(0);
        }));
    }
}
