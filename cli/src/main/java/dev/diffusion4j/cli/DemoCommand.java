// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.studio.demo.Demo;
import dev.diffusion4j.studio.demo.DemoConfig;
import dev.diffusion4j.studio.demo.DemoGuide;
import dev.diffusion4j.studio.demo.DemoPack;
import java.io.File;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A model and a guidance loss as an app for others. */
@Command(
        name = "demo",
        description =
                "Pack a model and a guidance loss into a folder that draws for others wherever there is Java, and start it.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse demo pack --model runs/quickstart-shapes --out demo", "  diffuse demo start demo"},
        mixinStandardHelpOptions = true,
        subcommands = {DemoCommand.Pack.class, DemoCommand.Start.class})
final class DemoCommand implements Runnable {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
        throw new ParameterException(spec.commandLine(), "which command? choose one of the list above");
    }

    /** {@code diffuse demo pack}. */
    @Command(
            name = "pack",
            description =
                    "Make a folder with the model, the program with its natives for this platform, a page, scripts that start it, a Dockerfile and a Space's card.",
            mixinStandardHelpOptions = true)
    static final class Pack implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Option(
                names = "--model",
                paramLabel = "PLACE",
                required = true,
                description =
                        "A folder with model_index.json, that of a run, one file of a Stable Diffusion, or org/name on the Hub.")
        Path model = Path.of("model");

        @Option(
                names = "--guide",
                paramLabel = "NAME",
                description =
                        "What the pictures are pushed to: color (default), brightness, contrast, saturation, sharpness, symmetry, or clip, which needs --clip-model.")
        String guide = DemoGuide.COLOR.key();

        @Option(
                names = "--clip-model",
                paramLabel = "PLACE",
                description = "The CLIP of --guide clip, as in diffuse sample.")
        @Nullable
        Path clip;

        @Option(
                names = {"-o", "--out"},
                paramLabel = "DIR",
                required = true,
                description = "The folder that is made.")
        Path out = Path.of("demo");

        @Override
        public Integer call() {
            DemoConfig made;
            try (HubLine hub = new HubLine()) {
                made = DemoPack.write(model, DemoGuide.of(guide), clip, program(), out, hub);
            }
            PrintWriter print = spec.commandLine().getOut();
            print.println(out + ": " + made.title() + ", pushed by " + made.guide());
            print.println("start it by: " + out.resolve("start.sh") + "   (README.md says how else)");
            return 0;
        }

        private static List<Path> program() {
            return Arrays.stream(System.getProperty("java.class.path", "").split(File.pathSeparator))
                    .filter(part -> !part.isBlank())
                    .map(Path::of)
                    .toList();
        }
    }

    /** {@code diffuse demo start}. */
    @Command(
            name = "start",
            description = "Show the page of a packed demo and draw what visitors ask for, until it is stopped.",
            mixinStandardHelpOptions = true)
    static final class Start implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Parameters(paramLabel = "DIR", description = "The folder that diffuse demo pack made.")
        Path folder = Path.of("demo");

        @Option(
                names = "--host",
                paramLabel = "ADDRESS",
                description =
                        "Where to listen; default: ${DEFAULT-VALUE}, which only this machine reaches; 0.0.0.0 for whoever reaches the machine.")
        String host = "127.0.0.1";

        @Option(names = "--port", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}; 0 for one that is free.")
        int port = 7860;

        @Option(names = "--no-open", description = "Do not open the browser.")
        boolean stays;

        @Override
        public Integer call() {
            ServeCommand.quieten();
            Demo demo = Demo.start(folder, host, port);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                demo.close();
                Runtime.getRuntime().halt(0);
            }));
            PrintWriter out = spec.commandLine().getOut();
            out.println("the demo is at " + demo.address() + "\nCtrl-C stops it");
            out.flush();
            if (!stays) {
                BrowserWindow.open(demo.address());
            }
            try {
                new CountDownLatch(1).await();
                return 0;
            } catch (InterruptedException e) {
                demo.close();
                throw new CancellationException("the demo was interrupted");
            }
        }
    }
}
