// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What a person reads before the first call, and what the shell completes. */
class HelpTest {
    @TempDir
    Path folder;

    @Test
    void options_are_grouped_by_what_they_are_for() {
        String help = Command.run("sample", "--help").out();
        assertThat(help)
                .containsSubsequence(
                        "Model and result:",
                        "--model",
                        "--out",
                        "What to draw:",
                        "--class",
                        "How to draw:",
                        "--scheduler",
                        "Guidance:",
                        "--guidance-scale",
                        "Machine:",
                        "--dtype",
                        "Examples:");
        assertThat(help).doesNotContain("Options:");
        assertThat(Command.run("--help").out())
                .containsSubsequence(
                        "First steps:", "quickstart", "Draw:", "sample", "Train:", "finetune", "Judge:", "eval");
    }

    @Test
    void every_option_and_command_is_shown_once_and_every_command_has_an_example() {
        CommandLine root = Diffuse.commandLine();
        String top = root.getUsageMessage();
        root.getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden()) {
                return;
            }
            assertThat(Pattern.compile("(?m)^  " + name + "[ ,]").matcher(top).results())
                    .as(name)
                    .hasSize(1);
            String help = command.getUsageMessage();
            assertThat(help).as(name).containsPattern("Examples?:\\R[^\\n]*diffuse " + name);
            for (OptionSpec option : command.getCommandSpec().options()) {
                Pattern line = Pattern.compile("(?m)^ *(-\\w, )?[-\\w, ]*" + option.longestName() + "(?![-\\w])");
                assertThat(line.matcher(help).results()).as(name + " " + option).isNotEmpty();
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "diffuse sam, sample",
        "diffuse sample --sched, --scheduler",
        "diffuse sample --scheduler euler-a, euler-ancestral",
        "diffuse sample --dtype b, bf16",
        "diffuse train --pre, --preset",
        "diffuse train butter, butterflies-32"
    })
    void bash_completes_commands_options_and_values(String typed, String completed) throws Exception {
        Path script = folder.resolve("completion.bash");
        Files.writeString(script, Command.run("completion", "bash").out());
        String[] words = typed.split(" ");
        String call = "eval \"$(cat \"$0\")\"; COMP_WORDS=(" + typed + "); COMP_CWORD=" + (words.length - 1)
                + "; COMP_LINE='" + typed + "'; COMP_POINT=${#COMP_LINE}; "
                + "$(complete -p diffuse | sed 's/.*-F \\([^ ]*\\) .*/\\1/') diffuse; printf '%s\\n' \"${COMPREPLY[@]}\"";
        assertThat(bash(call, script)).contains(completed);
    }

    private static List<String> bash(String call, Path script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-c", call, script.toString())
                .redirectErrorStream(true)
                .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return out.lines().map(String::strip).toList();
    }

    @Test
    void recipes_tell_first_steps_from_long_jobs_and_estimate_the_time() {
        String list = Command.run("recipes").out();
        assertThat(list)
                .containsSubsequence(
                        "FIRST STEPS", "quickstart", "butterflies-32", "LONG JOBS", "flowers-continuous", "AS LONG AS")
                .contains("an estimate from one measurement of this machine");
        assertThat(list).containsPattern("here: .*(s|min|h|d); preset quick .*(s|min|h)");
    }
}
