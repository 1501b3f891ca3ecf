// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.List;
import java.util.stream.Collectors;

/** Commands as a person can paste them into the shell that this one was called from. */
final class CommandText {
    /** How the launcher was called: {@code ./diffuse}, or a path. */
    private static final String CALLED_AS = System.getProperty("diffusion4j.command", "diffuse");

    private CommandText() {}

    /** The command with these words, each quoted where the shell needs it. */
    static String of(String... words) {
        return of(List.of(words));
    }

    /** The command with these words, each quoted where the shell needs it. */
    static String of(List<String> words) {
        return quoted(CALLED_AS) + " " + words.stream().map(CommandText::quoted).collect(Collectors.joining(" "));
    }

    /** One word of a POSIX shell. */
    static String quoted(String word) {
        return word.matches("[\\w./=:,@%+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
