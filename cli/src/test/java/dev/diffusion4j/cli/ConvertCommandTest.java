// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of one file to a folder, and back. */
class ConvertCommandTest {
    private static final Path MODEL = Path.of("../core/src/test/resources/golden/tiny-latent");

    @TempDir
    Path temp;

    private Command.Outcome convert(Object... arguments) {
        String[] words = new String[arguments.length + 1];
        words[0] = "convert";
        for (int i = 0; i < arguments.length; i++) {
            words[i + 1] = arguments[i].toString();
        }
        return Command.run(words);
    }

    @Test
    void a_folder_becomes_a_file_and_a_folder_again() throws IOException {
        Path file = temp.resolve("model.safetensors");
        Path half = temp.resolve("half.safetensors");
        Path folder = temp.resolve("folder");
        assertThat(convert(MODEL, "--out", file)).isEqualTo(new Command.Outcome(0, "wrote " + file + "\n", ""));
        assertThat(convert(
                        file, "--out", folder, "--config", MODEL, "--scheduler-option", "prediction_type=v_prediction"))
                .isEqualTo(new Command.Outcome(0, "wrote " + folder + "\n", ""));
        assertThat(Files.readString(folder.resolve("scheduler/scheduler_config.json")))
                .contains("\"prediction_type\": \"v_prediction\"");
        assertThat(convert(file, "--out", half, "--config", MODEL, "--dtype", "fp16")
                        .code())
                .isZero();
        try (Safetensors written = Safetensors.open(half)) {
            assertThat(written.tensors().values()).allMatch(info -> info.dtype() == DType.F16);
            assertThat(written.metadata()).containsEntry("modelspec.prediction_type", "epsilon");
        }
    }

    @Test
    void what_is_wrong_is_said_in_one_line_with_the_flags_of_the_command() {
        Path file = temp.resolve("model.safetensors");
        convert(MODEL, "--out", file);
        assertThat(convert(file, "--out", temp.resolve("x")).err())
                .startsWith("diffuse: ")
                .contains("must be said by --config, a folder with its unet/config.json")
                .hasLineCount(1);
        assertThat(convert(file, "--out", temp, "--config", MODEL).err())
                .isEqualTo("diffuse: --out must be a new folder, but was " + temp + "\n");
        assertThat(convert(file, "--out", temp.resolve("x"), "--dtype", "half").err())
                .contains("unknown --dtype 'half' (did you mean 'fp16'?)");
        assertThat(convert(
                                file,
                                "--out",
                                temp.resolve("x"),
                                "--config",
                                MODEL,
                                "--scheduler-option",
                                "predicton_type=epsilon")
                        .err())
                .contains(
                        "--scheduler-option: the scheduler 'ddim' has no setting 'predicton_type' (did you mean 'prediction_type'?)");
        assertThat(temp.resolve("x")).doesNotExist();
    }
}
