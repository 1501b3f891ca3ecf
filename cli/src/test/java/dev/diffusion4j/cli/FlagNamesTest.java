// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.FieldNames;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlagNamesTest {
    @Test
    void a_field_is_called_as_the_commands_flag_and_bare_where_it_has_none() {
        FieldNames sample = names("sample");

        assertThat(sample.word("{steps} and {guidanceScale}, {classes} or {batchSize}"))
                .isEqualTo("--steps and --guidance-scale, --class or --batch");
        assertThat(sample.word("{preset} and {training.max_steps}")).isEqualTo("preset and training.max_steps");
        assertThat(names("train").word("{preset} and {training.max_steps}=15"))
                .isEqualTo("--preset and --set training.max_steps=15");
    }

    @Test
    void braces_that_were_typed_are_no_field(@TempDir Path folder) {
        String model = folder.resolve("my {steps} run").toString();

        assertThat(Command.run("sample", "--model", "{steps}", "--out=x").err())
                .isEqualTo("diffuse: there is no folder {steps}" + System.lineSeparator());
        assertThat(Command.run("sample", "--model=" + model, "--out=x").err())
                .isEqualTo("diffuse: there is no folder " + model + System.lineSeparator());
        assertThat(Command.run("sample", "--model", "{steps}", "--out=x", "--count=0")
                        .err())
                .isEqualTo("diffuse: --count must be > 0, but was 0" + System.lineSeparator());
    }

    private static FieldNames names(String command) {
        return new FlagNames(
                Objects.requireNonNull(Diffuse.commandLine().getSubcommands().get(command))
                        .getCommandSpec());
    }
}
