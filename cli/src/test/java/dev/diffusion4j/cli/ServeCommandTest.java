// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code diffuse serve} refuses before it listens. {@code oracle/check_server.py} runs it whole. */
class ServeCommandTest {
    private static final String MODEL = "../core/src/test/resources/golden/tiny-sd";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "serve | there is nothing to serve: give a --model, or a folder of them with --models-dir",
                "serve --models-dir @ | --models-dir @ holds no model",
                "serve --model # --model # | two models are called 'tiny-sd': give one another name, --model PLACE=NAME",
                "serve --model # --alias a=b | the --alias 'a' stands for 'b', but there is tiny-sd",
                "serve --model # --host 0.0.0.0 | --host 0.0.0.0 can be reached from other machines: give the keys of those who may call with --api-key-file, or say --insecure where anybody may",
                "serve --model # --port 70000 | --port must lie in [0, 65535], but was 70000",
                "serve --model # --public-url pictures.example | --public-url must be an address by which clients reach this server, such as https://pictures.example.org, but was 'pictures.example'",
                "studio --folder @/none | --folder must be a folder, but there is no folder @/none",
                "studio --folder @/keys | --folder must be a folder, but @/keys is a file",
                "studio --host 0.0.0.0 | --host 0.0.0.0 can be reached from other machines: give the keys of those who may enter with --api-key-file",
                "studio --port 70000 | --port must lie in [0, 65535], but was 70000",
                "serve --model # --max-pixels 0 | --max-pixels must be > 0, but was 0",
                "serve --model # --queue -1 | --queue must be >= 0, but was -1",
                "serve --model # --api-key-file @/keys | --api-key-file @/keys holds no key: write one a line",
                "serve --model # --lora-dir @/none | --lora-dir must be a folder with adapters, but there is no folder @/none"
            })
    void what_is_wrong_is_said_in_one_line(String call, String line) throws IOException {
        Files.writeString(folder.resolve("keys"), "# none\n");
        String[] words =
                call.replace("@", folder.toString()).replace("#", MODEL).split(" ");
        Command.Outcome result = Command.run(words);
        assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(result.err().strip())
                .isEqualTo("diffuse: " + line.replace("@", folder.toString()).replace("#", MODEL));
    }

    @Test
    void a_folder_with_an_equals_sign_in_its_name_is_a_folder() throws IOException {
        Path run = Files.createDirectory(folder.resolve("lr=0.1"));
        Files.copy(Path.of(MODEL, "model_index.json"), run.resolve("model_index.json"));
        assertThat(Command.run("serve", "--model", run.toString(), "--model", run.toString())
                        .err())
                .contains("two models are called 'lr=0.1'");
    }

    @Test
    void an_amount_of_memory_is_written_as_people_do() {
        ByteSize size = new ByteSize();
        assertThat(size.convert("6GB")).isEqualTo(6_000_000_000L);
        assertThat(size.convert("1.5 GiB")).isEqualTo(3L << 29);
        assertThat(size.convert("4096")).isEqualTo(4096);
        assertThat(Command.run("serve", "--model", MODEL, "--memory", "much").err())
                .contains("--memory", "6GB or 800MB", "'much'");
    }
}
