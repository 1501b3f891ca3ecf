// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** How this command was started, so that it can be started again: the same Java, the same flags of it, the same class path. */
final class OwnCommand {
    /** Of this process's own terminal, or of a file that only one process can write. */
    private static final Set<String> NOT_TAKEN = Set.of(
            "-Ddiffusion4j.terminal",
            "-Ddiffusion4j.stdout",
            "-Ddiffusion4j.stderr",
            "-XX:ArchiveClassesAtExit",
            "-agentlib",
            "-javaagent");

    private OwnCommand() {}

    /** Word by word, up to where the words for the command begin. */
    static List<String> words() {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        List<String> words =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElse(java.toString())));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> NOT_TAKEN.stream().noneMatch(flag::startsWith))
                .forEach(words::add);
        words.addAll(List.of("-cp", System.getProperty("java.class.path"), Diffuse.class.getName()));
        return words;
    }
}
