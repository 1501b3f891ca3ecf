// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.FieldNames;
import dev.diffusion4j.base.FileNames;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The entry point. Errors become one line; {@code --verbose} adds the stack trace. */
@Command(
        name = "diffuse",
        description = "Image diffusion models on the JVM: train, sample, save. Begin with: diffuse quickstart",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND")
public final class Diffuse implements Runnable {
    /** In the order of the help. */
    private static final List<Class<?>> COMMANDS = List.of(
            QuickstartCommand.class,
            SampleCommand.class,
            TrainCommand.class,
            FinetuneCommand.class,
            TrainUnconditionalCommand.class,
            LaunchCommand.class,
            InfoCommand.class,
            ConvertCommand.class,
            EvalCommand.class,
            CompareCommand.class,
            PlotCommand.class,
            DataCommand.class,
            HubCommand.class,
            ServeCommand.class,
            DemoCommand.class,
            StudioCommand.class,
            RecipesCommand.class,
            DoctorCommand.class,
            WarmUpCommand.class,
            Completion.class);

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    boolean verbose;

    private Diffuse() {}

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
        throw new ParameterException(spec.commandLine(), "which command? choose one of the list above");
    }

    /** What the commands are called, in the order of the help. */
    static List<String> commandNames() {
        return COMMANDS.stream()
                .map(command -> command.getAnnotation(Command.class).name())
                .toList();
    }

    /** The command line, ready to be executed; tests use it too. */
    static CommandLine commandLine() {
        return commandLine(COMMANDS);
    }

    /** With the one command that is called, where it is the first word: to learn of the others takes a quarter of a second. */
    private static CommandLine commandLine(String[] arguments) {
        String first = arguments.length == 0 ? "" : arguments[0];
        return commandLine(COMMANDS.stream()
                .filter(command -> command.getAnnotation(Command.class).name().equals(first))
                .findFirst()
                .<List<Class<?>>>map(List::of)
                .orElse(COMMANDS));
    }

    private static CommandLine commandLine(List<Class<?>> commands) {
        Diffuse root = new Diffuse();
        CommandLine line = new CommandLine(root);
        commands.forEach(line::addSubcommand);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        HelpGroups.install(line);
        line.setExecutionStrategy(parsed -> {
            ExclusiveFlags.check(parsed);
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setExecutionExceptionHandler((error, command, parsed) -> report(root, error, command));
        line.setParameterExceptionHandler((error, arguments) -> {
            CommandLine command = error.getCommandLine();
            String help = command.getCommandSpec().qualifiedName() + " --help";
            List<String> unmatched = error instanceof UnmatchedArgumentException unknown
                    ? unknown.getUnmatched()
                    : command.getUnmatchedArguments(); // what is missing was perhaps misspelt
            String message = unmatched.isEmpty()
                    ? firstLine(String.valueOf(error.getMessage()))
                    : unknown(unmatched.get(0), command);
            command.getErr().println("diffuse: " + message + " (see '" + help + "')");
            return ExitCodes.USAGE;
        });
        return line;
    }

    /** An option, a command or one word too many. */
    private static String unknown(String argument, CommandLine command) {
        String word = argument.split("=", 2)[0];
        Collection<String> commands = command.getSubcommands().keySet();
        String message;
        if (word.startsWith("-")) {
            message = "unknown option '" + word + "'" + OtherFlags.hint(word, command.getCommandSpec());
        } else if (!commands.isEmpty()) {
            message = "unknown command '" + word + "'" + Nearest.hint(word, commands);
        } else {
            message = "what is '" + argument + "' for? it belongs to no option";
        }
        return String.valueOf(Problem.request(message).getMessage()); // in one line, whatever was typed
    }

    private static int report(Diffuse root, Exception error, CommandLine command) {
        PrintWriter err = command.getErr();
        if (root.verbose) {
            error.printStackTrace(err);
        }
        FieldNames flags = new FlagNames(command.getCommandSpec());
        if (error instanceof Problem user) {
            err.println("diffuse: " + user.worded(flags));
            return ExitCodes.of(user);
        }
        if (error instanceof InvalidPathException path) {
            err.println("diffuse: " + FileNames.problem(path).getMessage());
            return ExitCodes.FAILURE;
        }
        if (error instanceof IllegalArgumentException) {
            err.println("diffuse: " + firstLine(Worded.message(error, flags)));
            return ExitCodes.USAGE;
        }
        if (error instanceof CancellationException) {
            err.println("diffuse: cancelled");
            return ExitCodes.FAILURE;
        }
        String doing = command.getCommandSpec().name();
        err.println("diffuse: " + UnexpectedError.line(error, doing, root.verbose));
        return ExitCodes.FAILURE;
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    /** Runs the command and ends the process. */
    public static void main(String[] arguments) {
        inherited("diffusion4j.stderr")
                .ifPresent(err -> System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8)));
        logInOneLine();
        Thread natives = NativesAhead.begin(arguments);
        CommandLine line = commandLine(arguments);
        CheckedOutput output = new CheckedOutput(
                inherited("diffusion4j.stdout").orElseGet(() -> new FileOutputStream(FileDescriptor.out)));
        line.setOut(writer(output));
        line.setErr(writer(System.err));
        LauncherGone.watch(line.getErr());
        int code = line.execute(arguments);
        line.getOut().flush();
        join(natives);
        System.exit(output.exitCode(code, line.getErr()));
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the library logs is a plain line, not java.util.logging's two with a date; a setting of the user's own stays. */
    private static void logInOneLine() {
        String format = "java.util.logging.SimpleFormatter.format";
        if (System.getProperty(format) == null) {
            System.setProperty(format, "%5$s%n");
        }
    }

    private static PrintWriter writer(OutputStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    /**
     * The launcher filters what the JVM itself says at its start, and what natives write; our own words go straight to where its streams went,
     * descriptors that were inherited. They are not opened anew by name: a file would then be written at two places at once.
     *
     * @param property that holds the descriptor's number; empty where the launcher set none, or where this Java keeps it from us: the
     *     filtered stream serves as well
     */
    private static Optional<OutputStream> inherited(String property) {
        Integer number = Integer.getInteger(property);
        if (number == null) {
            return Optional.empty();
        }
        try {
            Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
            constructor.setAccessible(true); // the launcher opens java.io for this
            return Optional.of(new FileOutputStream(constructor.newInstance(number)));
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            return Optional.empty();
        }
    }
}
