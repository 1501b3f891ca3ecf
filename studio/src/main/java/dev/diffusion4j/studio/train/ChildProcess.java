// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command, called in a process of its own that outlives this one. */
final class ChildProcess {
    /** In a group of its own, so that a Ctrl-C that ends the studio does not reach it. */
    private static final List<String> DETACHED = List.of(
            "/bin/sh",
            "-c",
            "if command -v setsid >/dev/null 2>&1; then exec setsid \"$@\"; fi; trap '' INT HUP; exec \"$@\"",
            "diffuse");

    private final List<String> command;

    /** @param command how the command is called; empty where it cannot be */
    ChildProcess(List<String> command) {
        this.command = command;
    }

    /**
     * Starts it.
     *
     * @param words of the command
     * @param console what it prints is appended to this file
     * @throws Problem (a failure) where it cannot be started
     */
    Process start(List<String> words, Path console) {
        if (command.isEmpty()) {
            throw Problem.failure("this program cannot start trainings: it does not know how the command is called");
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
            throw Problem.failure("cannot start the training: " + AtomicFile.reason(e), e);
        }
    }
}
