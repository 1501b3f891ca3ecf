// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.FieldNames;
import java.util.Objects;
import org.junit.jupiter.api.Test;

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

    private static FieldNames names(String command) {
        return new FlagNames(
                Objects.requireNonNull(Diffuse.commandLine().getSubcommands().get(command))
                        .getCommandSpec());
    }
}
