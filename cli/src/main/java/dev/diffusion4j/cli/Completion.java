// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what a shell needs to complete the command: {@code eval "$(./diffuse completion bash)"}. */
@Command(
        name = "completion",
        description = "Print a completion script for bash or zsh.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  eval \"$(diffuse completion bash)\"",
            "  diffuse completion bash > ~/.local/share/bash-completion/completions/diffuse"
        },
        mixinStandardHelpOptions = true)
final class Completion implements Callable<Integer> {
    private static final List<String> SHELLS = List.of("bash", "zsh");

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "SHELL",
            arity = "0..1",
            defaultValue = "bash",
            description =
                    "bash or zsh; default: ${DEFAULT-VALUE}. zsh reads the same script, and loads its own bashcompinit.")
    String shell = "bash";

    @Override
    public Integer call() {
        if (!SHELLS.contains(shell)) {
            throw Problem.request(
                    "there is no completion for '" + shell + "'; there is for " + String.join(", ", SHELLS));
        }
        spec.commandLine().getOut().print(AutoComplete.bash("diffuse", Diffuse.commandLine()));
        spec.commandLine().getOut().flush();
        return 0;
    }
}
