// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Options that were given and would change nothing are refused, not passed over. */
final class UnusedOptions {
    private UnusedOptions() {}

    /**
     * Looks at all options of a call.
     *
     * @param used the longest names of the options that the call uses
     * @param does what the call does, such as {@code --from draws the picture as its note says}
     * @param instead what else one might have meant
     * @throws Problem (a wrong request) naming the first option that has none
     */
    static void refuse(CommandSpec spec, Set<String> used, String does, String instead) {
        for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
            if (!used.contains(option.longestName())) {
                throw Problem.request(does + " and does not use " + option.longestName() + ": omit it, or " + instead);
            }
        }
    }
}
