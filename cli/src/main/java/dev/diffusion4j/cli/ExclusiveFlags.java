// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Options that say what to draw in two ways, of which a network understands one: refused before anything is loaded. */
final class ExclusiveFlags {
    /** @param why what each of the two is for */
    private record Pair(String one, String other, String why) {}

    private static final List<Pair> PAIRS = List.of(new Pair(
            "--prompt",
            "--class",
            "--prompt is for a model that was trained on captions, --class for one that was trained on classes"));

    private ExclusiveFlags() {}

    /** @throws ParameterException naming the first pair of which both are given */
    static void check(ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        for (Pair pair : PAIRS) {
            if (last.hasMatchedOption(pair.one()) && last.hasMatchedOption(pair.other())) {
                throw new ParameterException(
                        last.commandSpec().commandLine(),
                        "give either " + pair.one() + " or " + pair.other() + ": " + pair.why());
            }
        }
    }
}
