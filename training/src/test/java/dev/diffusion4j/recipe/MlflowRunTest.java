// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.tracking.MlflowServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole training with an MLflow server, stopped and resumed, and one without. */
class MlflowRunTest {
    private static final String ADDRESS = "MLFLOW_TRACKING_URI";
    private static final List<String> TINY = List.of(
            "model.config.block_out_channels=[32, 32]",
            "model.config.layers_per_block=1",
            "model.config.down_block_types=[DownBlock2D, AttnDownBlock2D]",
            "model.config.up_block_types=[AttnUpBlock2D, UpBlock2D]",
            "data.image_size=8",
            "data.limit=24",
            "training.batch_size=8",
            "training.epochs=4",
            "training.max_steps=9",
            "training.checkpoint_every_steps=3",
            "samples.every_steps=5",
            "samples.count=1",
            "samples.steps=2",
            "trackers=[jsonl, mlflow]");

    @TempDir
    Path folder;

    @AfterEach
    void forget() {
        System.clearProperty(ADDRESS);
    }

    private static BooleanSupplier never() {
        return () -> false;
    }

    @Test
    void a_stopped_and_resumed_training_is_one_run_there() throws IOException {
        try (MlflowServer server = new MlflowServer(0)) {
            System.setProperty(ADDRESS, server.address());
            boolean[] reached = {false};
            RunListener listener = new RunListener() {
                @Override
                public void onStep(RunProgress progress) {
                    reached[0] |= progress.step() == 5;
                }
            };
            TrainingRun.start(Recipes.load("quickstart", TINY), folder).run(listener, () -> reached[0]);
            assertThat(server.runs()).hasSize(1);
            MlflowServer.Run there = server.runs().get(0);
            assertThat(there.status).isEqualTo("KILLED");
            TrainingRun.resume(folder, false).run(new RunListener() {}, never());
            assertThat(server.runs()).hasSize(1);
            assertThat(there.status).isEqualTo("FINISHED");
            assertThat(there.history.get("loss"))
                    .isEqualTo(JsonlTracker.read(folder.resolve("metrics.jsonl")).stream()
                            .map(line -> line.get("step") + "=" + line.get("loss"))
                            .toList())
                    .hasSize(9);
            assertThat(there.parameters).containsEntry("training.max_steps", "9");
            for (String file :
                    List.of("recipe.yaml", "samples/step-000005.png", "samples/step-000009.png", "loss.png")) {
                assertThat(there.files.get(file)).as(file).isEqualTo(Files.readAllBytes(folder.resolve(file)));
            }
        }
    }

    @Test
    void a_training_without_its_server_ends_as_any_other() {
        System.setProperty(ADDRESS, "http://127.0.0.1:1");
        RunSummary summary =
                TrainingRun.start(Recipes.load("quickstart", TINY), folder).run(new RunListener() {}, never());
        assertThat(summary.finished()).isTrue();
        assertThat(JsonlTracker.read(folder.resolve("metrics.jsonl"))).hasSize(9);
        assertThat(folder.resolve("loss.png")).exists();
    }

    @Test
    void an_address_that_is_none_is_said_before_anything_is_written() {
        System.setProperty(ADDRESS, "sqlite:///mlflow.db");
        assertThatThrownBy(() -> TrainingRun.start(Recipes.load("quickstart", TINY), folder.resolve("run")))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("MLFLOW_TRACKING_URI");
        assertThat(folder.resolve("run")).doesNotExist();
    }
}
