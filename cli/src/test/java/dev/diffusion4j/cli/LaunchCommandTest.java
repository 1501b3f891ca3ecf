// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One command line, several processes of it. */
class LaunchCommandTest {
    @TempDir
    Path folder;

    @Test
    void each_process_is_the_command_with_its_own_options_and_a_prefix() {
        Command.Outcome outcome = Command.run("launch", "--nproc", "2", "--", "recipes", "--help");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isZero();
        assertThat(linesOf("[0] ", outcome))
                .anyMatch(line -> line.contains("diffuse recipes"))
                .isEqualTo(linesOf("[1] ", outcome))
                .hasSize((int) outcome.out().lines().count() / 2);
    }

    @Test
    void a_failure_is_said_by_the_process_and_then_by_the_launcher() {
        String missing = folder.resolve("not-there").toString();
        Command.Outcome outcome =
                Command.run("launch", "--nproc", "1", "--restarts", "1", "--", "train", "--resume", missing);
        assertThat(outcome.code())
                .isEqualTo(Command.run("train", "--resume", missing).code());
        assertThat(outcome.err().lines())
                .anyMatch(line -> line.startsWith("[0] diffuse: ") && line.contains("not-there"))
                .anyMatch(line -> line.startsWith("diffuse: rank 0 ended with exit code "));
    }

    @Test
    void a_command_that_cannot_share_its_work_says_so_in_each_process() {
        Command.Outcome outcome = Command.run("launch", "--nproc", "2", "--", "quickstart", "--out", folder.toString());
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err())
                .contains("[0] diffuse: quickstart works in one process, but this is one of 2", "not started again");
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--nproc 0 -- train quickstart       | diffuse: --nproc must lie in [1, 1024], but was 0",
                "--nproc 2                           | diffuse: which command? give it after --, as in: diffuse launch",
                "--nproc 2 --                        | diffuse: which command? give it after --",
                "--nproc 2 --restarts -1 -- recipes  | diffuse: --restarts must be at least 0, but was -1",
                "--nproc 2 --master-port 70000 -- recipes | diffuse: --master-port must lie in [1, 65535], or be 0",
                "--nproc 2 -- launch --nproc 2       | diffuse: launch cannot launch itself",
                "--nproc 2 -- trian quickstart       | diffuse: unknown command 'trian' after -- (did you mean 'train'?)",
                "-- train quickstart                 | diffuse: Missing required option: '--nproc=N'",
                "--nproc 2 train --out runs/a        | diffuse: unknown option '--out'"
            })
    void what_is_wrong_is_one_line(String words, String line) {
        Command.Outcome outcome = launch(words);
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err().lines()).singleElement().asString().startsWith(line);
    }

    @Test
    void a_port_in_use_is_one_line() throws IOException {
        try (ServerSocket used = new ServerSocket(0)) {
            Command.Outcome outcome = launch("--nproc 2 --master-port " + used.getLocalPort() + " -- recipes");
            assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
            assertThat(outcome.err().lines())
                    .singleElement()
                    .asString()
                    .startsWith("diffuse: --master-port must be free on this machine");
        }
    }

    private static List<String> linesOf(String prefix, Command.Outcome outcome) {
        return outcome.out()
                .lines()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()))
                .toList();
    }

    private static Command.Outcome launch(String words) {
        String[] all = ("launch " + words).trim().split(" +");
        return Command.run(all);
    }
}
