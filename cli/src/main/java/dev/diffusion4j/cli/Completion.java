// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints what a shell needs to complete the command: {@code source <(./diffuse completion)}. */
@Command(
        name = "completion",
        description = "Print a completion script for bash or zsh: source <(diffuse completion).",
        mixinStandardHelpOptions = true)
final class Completion implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        spec.commandLine()
                .getOut()
                .print(AutoComplete.bash("diffuse", spec.parent().commandLine()));
        spec.commandLine().getOut().flush();
        return 0;
    }
}
