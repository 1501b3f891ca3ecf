// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages that need no network, and what is typed; the rest is HubClientTest's, HubPublisherTest's and oracle/check_hub.py's. */
final class HubCommandTest {
    private static final List<String> SETTINGS = List.of("HF_ENDPOINT", "HF_HOME", "HF_TOKEN", "HF_HUB_OFFLINE");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hub pull digits | 2 | 'digits' is no repository: write it as organisation/name",
                "hub pull a/b --include [ | 2 | --include: '[' is no pattern of paths",
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

    private Command.Outcome withInput(String input, String... words) {
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            return Command.run(words);
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void login_replaces_a_token_that_is_none() throws IOException {
        try (HubServer server = new HubServer()) {
            System.setProperty("HF_ENDPOINT", server.endpoint());
            System.setProperty("HF_HOME", folder.toString());
            System.setProperty("HF_TOKEN", "");
            Files.writeString(folder.resolve("token"), "two words");
            assertThat(Command.run("hub", "whoami").err())
                    .contains("the token in " + folder.resolve("token") + " holds blanks");
            Command.Outcome login = withInput("hf_right\n", "hub", "login");
            assertThat(login.code()).as(login.err()).isZero();
            assertThat(login.out()).startsWith("logged in as ada");
            assertThat(Command.run("hub", "whoami").out()).startsWith("ada");
            System.setProperty("HF_HUB_OFFLINE", "1");
            for (String command : List.of("whoami", "login", "ls ada/tiny")) {
                Command.Outcome offline = withInput("hf_wrong\n", ("hub " + command).split(" "));
                assertThat(offline.code()).isEqualTo(1);
                assertThat(offline.err()).contains("HF_HUB_OFFLINE is set, so the Hub is not asked");
            }
            assertThat(folder.resolve("token")).hasContent("hf_right");
        } finally {
            SETTINGS.forEach(System::clearProperty);
        }
    }

    @Test
    void a_pattern_that_no_file_matches_is_told() throws IOException {
        try (HubServer server = new HubServer()) {
            System.setProperty("HF_ENDPOINT", server.endpoint());
            System.setProperty("HF_HOME", folder.toString());
            server.commit(HubRepo.model("ada/tiny"), Map.of("unet/a.txt", new byte[3], "b.txt", new byte[4]));
            Command.Outcome none = Command.run("hub", "pull", "ada/tiny", "--include", "*.nope");
            assertThat(none.code()).isEqualTo(1);
            assertThat(none.out()).isEmpty();
            assertThat(none.err())
                    .contains("ada/tiny has no file that matches --include '*.nope': diffuse hub ls ada/tiny lists");
            Command.Outcome some = Command.run("hub", "pull", "ada/tiny", "--include", "*.nope", "--include", "unet/*");
            assertThat(some.code()).as(some.err()).isZero();
            assertThat(Path.of(some.out().strip()).resolve("unet/a.txt")).exists();
            assertThat(Path.of(some.out().strip()).resolve("b.txt")).doesNotExist();
        } finally {
            SETTINGS.forEach(System::clearProperty);
        }
    }
}
