// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The command, called in a process of its own that outlives this one. */
public final class ChildProcess {
    private static final int CONSOLE_BYTES = 16 << 10;
    private static final int CONSOLE_LINES = 40;

    /** In a group of its own, so that a Ctrl-C that ends the studio does not reach it. */
    private static final List<String> DETACHED = List.of(
            "/bin/sh",
            "-c",
            "if command -v setsid >/dev/null 2>&1; then exec setsid \"$@\"; fi; trap '' INT HUP; exec \"$@\"",
            "diffuse");

    private final List<String> command;

    /** @param command how the command is called; empty where it cannot be */
    public ChildProcess(List<String> command) {
        this.command = command;
    }

    /**
     * Starts it.
     *
     * @param words of the command
     * @param console what it prints is appended to this file
     * @throws Problem (a failure) where it cannot be started
     */
    public Process start(List<String> words, Path console) {
        if (command.isEmpty()) {
            throw Problem.failure("this program can start no process: it does not know how the command is called");
        }
        List<String> all = new ArrayList<>(File.separatorChar == '/' ? DETACHED : List.of());
        all.addAll(command);
        all.addAll(words);
        try {
            Files.createDirectories(
                    java.util.Objects.requireNonNull(console.toAbsolutePath().getParent()));
            Process process = new ProcessBuilder(all)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(console.toFile()))
                    .start();
            process.getOutputStream().close();
            return process;
        } catch (IOException e) {
            throw Problem.failure("cannot start a process: " + AtomicFile.reason(e), e);
        }
    }

    /** Ends one, and those that it began. */
    public static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }

    /** The last lines that one printed; none where there is no such file. */
    public static List<String> console(Path file) {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(0, in.length() - CONSOLE_BYTES);
            in.seek(from);
            byte[] bytes = new byte[(int) (in.length() - from)];
            in.readFully(bytes);
            List<String> lines = new String(bytes, StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("WARNING: Using incubator modules"))
                    .toList();
            return lines.subList(Math.max(0, lines.size() - CONSOLE_LINES), lines.size());
        } catch (IOException e) {
            return List.of(); // there is none
        }
    }

    /** The last of them, without the name of the command. */
    public static Optional<String> lastLine(Path console) {
        List<String> lines = console(console);
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(lines.get(lines.size() - 1).replaceFirst("^diffuse(: error)?: ", ""));
    }
}
