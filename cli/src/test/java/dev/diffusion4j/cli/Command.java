// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Calls the command in this process. */
final class Command {
    /** What a call gave back. */
    record Outcome(int code, String out, String err) {}

    private Command() {}

    static Outcome run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Diffuse.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int code = line.execute(arguments);
        return new Outcome(code, out.toString(), err.toString());
    }

    /** The names of all files and folders in {@code root}, with the sizes of files. */
    static List<String> tree(Path root) {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.map(path -> root.relativize(path) + " " + (Files.isRegularFile(path) ? size(path) : "/"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
