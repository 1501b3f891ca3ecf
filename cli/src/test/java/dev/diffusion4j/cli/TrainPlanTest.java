// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a training would take, and how the studio starts one. */
class TrainPlanTest {
    private static final String CHAIN =
            """
            name: two
            each:
              recipe: digit-classifier
              model: {config: {widths: [4], hidden: 8}}
              data: {limit: 64, cache: none}
              training: {batch_size: 8, max_steps: 6, dtype: f32}
            stages:
              first: {}
              second:
                model: {from: $RUN/first/model}
            """;

    @TempDir
    Path folder;

    @Test
    void a_plan_says_what_each_part_takes_and_writes_nothing() throws IOException {
        Path recipe = folder.resolve("two.yaml");
        Files.writeString(recipe, CHAIN);
        List<String> before = Command.tree(folder);
        String run = folder.resolve("run").toString();
        Command.Outcome outcome = Command.run("train", recipe.toString(), "--plan", "--out", run);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("two-first: ", "6 steps of 8", "expected: ")
                .contains("two-second: known when the parts before it are done");
        assertThat(Command.tree(folder)).isEqualTo(before);
        assertThat(Command.run("train", "--resume", run, "--plan").err()).contains("omit --plan");
    }

    @Test
    void the_command_knows_how_it_was_called() {
        assertThat(OwnCommand.words())
                .contains("-cp", Diffuse.class.getName())
                .noneMatch(word -> word.startsWith("-Ddiffusion4j.terminal") || word.startsWith("-agentlib"));
    }
}
