// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be said without a network; the rest is HubClientTest's, HubPublisherTest's and oracle/check_hub.py's. */
final class HubCommandTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hub pull digits | 2 | 'digits' is no repository: write it as organisation/name",
                "hub pull a/b@../c | 2 | '../c' is no revision of a/b",
                "hub ls a//b | 2 | 'a//b' is no repository",
                "hub push /nowhere/at/all a/b --yes | 1 | there is no folder /nowhere/at/all",
                "hub | 2 | which command?",
            })
    void bad_input_is_told_in_a_line(String line, int code, String message) {
        Command.Outcome result = Command.run(line.split(" "));
        assertThat(result.code()).isEqualTo(code);
        assertThat(result.err()).contains(message).doesNotContain("\tat ");
    }

    @Test
    void a_path_into_a_folder_that_is_here_is_not_looked_for_on_the_hub() {
        Command.Outcome result = Command.run("sample", "--model", "src/nothing", "--out", folder.toString());
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).contains("there is no folder src/nothing").doesNotContain("Hub");
    }
}
