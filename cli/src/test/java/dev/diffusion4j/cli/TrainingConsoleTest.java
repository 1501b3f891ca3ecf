// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.recipe.RunPlan;
import dev.diffusion4j.recipe.RunProgress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingConsoleTest {
    private static final String TERMINAL = "diffusion4j.terminal";

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream moving = new ByteArrayOutputStream();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @AfterEach
    void restore() {
        System.clearProperty(TERMINAL);
        System.setErr(before);
    }

    private void train() {
        System.setErr(new PrintStream(moving, true, StandardCharsets.UTF_8));
        TrainingConsole console = new TrainingConsole(new PrintWriter(out, true), new PrintWriter(err, true));
        console.onPlan(new RunPlan("tiny", "digits", 1000, 0, 10, 5, 0.1, 100, 8, "f32", 2));
        console.onStep(new RunProgress(10, 10, 2, 0.5, 0.25, 0.25, 3e-4, 80, Map.of()));
        console.onEpoch(new RunProgress(10, 10, 2, 0.5, 0.25, 0.25, 3e-4, 80, Map.of()));
        console.end();
    }

    @Test
    void a_terminal_shows_step_epoch_loss_and_learning_rate() {
        System.setProperty(TERMINAL, "true");
        train();
        assertThat(moving.toString(StandardCharsets.UTF_8))
                .contains("10/10  epoch 2  loss 0.2500  lr 0.00030  80 images/s");
        assertThat(out.toString()).contains("epoch 2: mean loss 0.250000").contains("(step 10)");
    }

    @Test
    void without_one_there_is_a_line_each_tenth() {
        train();
        assertThat(moving.size()).isZero();
        assertThat(err.toString()).contains("tiny: step 10 of 10, loss 0.2500");
    }

    @Test
    void the_header_of_the_next_training_stands_on_a_line_of_its_own() {
        System.setProperty(TERMINAL, "true");
        System.setErr(new PrintStream(moving, true, StandardCharsets.UTF_8));
        TrainingConsole console = new TrainingConsole(new PrintWriter(out, true), new PrintWriter(err, true));
        RunPlan plan = new RunPlan("tiny", "digits", 1000, 0, 10, 5, 0.1, 100, 8, "f32", 2);
        console.onPlan(plan);
        console.onStep(new RunProgress(10, 10, 2, 0.5, 0.25, 0.25, 3e-4, 80, Map.of()));
        console.onPlan(plan);
        assertThat(moving.toString(StandardCharsets.UTF_8)).endsWith("\r\u001b[K");
    }

    @ParameterizedTest
    @CsvSource({"0.84, 0.8 s", "9.96, 10 s", "59.4, 59 s", "761, 12 min 41 s", "11520, 3 h 12 min", "187200, 2 d 4 h"})
    void a_duration_has_one_form(double seconds, String text) {
        assertThat(Times.text(seconds)).isEqualTo(text);
    }
}
