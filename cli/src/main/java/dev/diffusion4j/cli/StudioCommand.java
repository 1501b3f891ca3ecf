// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.serve.ApiKeys;
import dev.diffusion4j.studio.Studio;
import dev.diffusion4j.studio.StudioConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The studio in the browser, until it is stopped. */
@Command(
        name = "studio",
        description =
                "Draw, train, look at data, compare and learn in the browser, on this machine, until it is stopped.",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse studio", "  diffuse studio --folder runs --folder pictures --models-dir models"},
        mixinStandardHelpOptions = true)
final class StudioCommand implements Callable<Integer> {
    /** A line a request is of no use where one page makes hundreds; held here, since a logger that nobody holds forgets its level. */
    private static final Logger REQUESTS = Logger.getLogger("dev.diffusion4j.serve.Door");

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--folder",
            paramLabel = "DIR",
            description =
                    "A folder that the studio may look into and write to: runs, pictures, data. May be given again; the first takes what is drawn. Default: the folder where you are.")
    List<Path> folders = new ArrayList<>();

    @Option(names = "--models-dir", paramLabel = "DIR", description = "A further folder, with models.")
    @Nullable
    Path modelsDir;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description =
                    "Where to listen; default: ${DEFAULT-VALUE}, which only this machine reaches. Others, 0.0.0.0 for all, need --api-key-file.")
    String host = StudioConfig.DEFAULT.host();

    @Option(names = "--port", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}; 0 for one that is free.")
    int port = StudioConfig.DEFAULT.port();

    @Option(names = "--no-open", description = "Do not open the browser.")
    boolean stays;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "Let those in who know one of the keys in this file, one a line.")
    @Nullable
    Path keyFile;

    @Override
    public Integer call() {
        ServeCommand.quieten();
        REQUESTS.setLevel(Level.WARNING);
        ApiKeys keys = keyFile == null ? ApiKeys.NONE : ApiKeys.read(keyFile);
        Studio studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.folders = folders.isEmpty() ? c.folders : folders;
            c.modelsDir = modelsDir;
            c.host = host;
            c.port = port;
            c.keys = keys;
            c.command = OwnCommand.words();
        }));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            studio.close();
            Runtime.getRuntime().halt(0);
        }));
        PrintWriter out = spec.commandLine().getOut();
        out.println("the studio is at " + studio.address() + "\nCtrl-C stops it; trainings go on");
        out.flush();
        if (!stays) {
            BrowserWindow.open(studio.address());
        }
        try {
            new CountDownLatch(1).await();
            return 0;
        } catch (InterruptedException e) {
            studio.close();
            throw new CancellationException("the studio was interrupted");
        }
    }
}
