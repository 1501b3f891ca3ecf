// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.json.Yaml;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The from-scratch lesson, with both of its networks. */
class FromScratchTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"quick, 309057", "unet, 1707009"})
    void two_steps_and_a_picture(String preset, long parameters) {
        Recipe recipe = Recipes.find("from-scratch-basic")
                .recipe(
                        preset,
                        List.of(
                                "data={source: digits, limit: 32, image_size: 28}",
                                "training.batch_size=16",
                                "training.epochs=1",
                                "samples.count=2",
                                "samples.steps=5"));
        RunPlan[] plans = new RunPlan[1];
        double[] loss = new double[2];
        RunListener listener = new RunListener() {
            @Override
            public void onPlan(RunPlan plan) {
                plans[0] = plan;
            }

            @Override
            public void onStep(RunProgress progress) {
                loss[(int) progress.step() - 1] = progress.loss();
            }
        };
        TrainingRun run = TrainingRun.start(recipe, folder.resolve("run"));
        assertThat(run.run(listener, () -> false).finished()).isTrue();
        assertThat(plans[0].parameters()).isEqualTo(parameters);
        assertThat(loss[1]).as("of pictures in [0, 1]").isBetween(0.0, 1.5).isLessThan(loss[0]);
        assertThat(run.folder().samples(2)).exists();
        assertThat(Yaml.readObject(run.folder().recipe()).get("scheduler").toString())
                .contains("toy-mix");
    }

    @Test
    void pictures_by_an_algorithm_that_the_network_is_not_trained_for_are_refused_before_the_training() {
        Recipe recipe = Recipes.load("from-scratch-basic", List.of("data={source: digits}", "samples.scheduler=ddim"));
        assertThatThrownBy(() -> TrainingRun.start(recipe, folder.resolve("run")))
                .hasMessageContaining("samples.scheduler 'ddim' cannot draw")
                .hasMessageContaining("set samples.scheduler=toy-mix");
        assertThat(folder.resolve("run")).doesNotExist();
    }
}
