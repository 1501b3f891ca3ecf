// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.watch.RunState;
import dev.diffusion4j.recipe.watch.RunState.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run is stopped, and looked at, through its folder. */
class StopFileTest {
    private static final List<String> TINY = List.of(
            "model.config.widths=[4]",
            "model.config.hidden=8",
            "data.limit=64",
            "data.cache=none",
            "training.batch_size=8",
            "training.max_steps=6",
            "training.checkpoint_every_steps=2",
            "training.dtype=f32");

    @TempDir
    Path folder;

    private static Recipe recipe() {
        return Recipes.load("digit-classifier", TINY);
    }

    private static RunState state(Path run) {
        return RunState.read(run).orElseThrow();
    }

    /** Asks for a stop from outside after a step of the training. */
    private static RunListener stopping(Path run, long step, List<Phase> seen) {
        return new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                seen.add(state(run).phase());
                if (progress.step() == step) {
                    new RunFolder(run).stop();
                }
            }
        };
    }

    private static RunSummary toTheEnd(TrainingRun run) {
        return run.run(new RunListener() {}, () -> false);
    }

    @Test
    void the_stop_file_stops_a_run_which_goes_on_to_the_same_bytes() throws IOException {
        Path whole = folder.resolve("whole");
        toTheEnd(TrainingRun.start(recipe(), whole));
        Path run = folder.resolve("run");
        List<Phase> seen = new ArrayList<>();
        TrainingRun training = TrainingRun.start(recipe(), run);
        Files.createFile(run.resolve("stop")); // of somebody who wanted to stop an earlier one
        RunSummary stopped = training.run(stopping(run, 3, seen), () -> false);
        assertThat(stopped.finished()).isFalse();
        assertThat(stopped.steps()).isEqualTo(3);
        assertThat(seen).containsOnly(Phase.RUNNING);
        assertThat(run.resolve("stop")).doesNotExist();
        RunState state = state(run);
        assertThat(state.phase()).isEqualTo(Phase.STOPPED);
        assertThat(state.checkpoints()).containsExactly(2L, 3L);
        assertThat(state.progress().step()).isEqualTo(3);
        assertThat(state.progress().totalSteps()).isEqualTo(6);
        assertThat(state.learnt()).isNull();

        Path early = CheckpointModel.save(run, 2);
        assertThat(early)
                .isEqualTo(run.resolve("models/step-000002"))
                .isDirectoryContaining("glob:**/model_index.json");
        assertThat(state(run).learnt()).isEqualTo(early);
        assertThatThrownBy(() -> CheckpointModel.save(run, 1)).hasMessageContaining("must be one of");
        toTheEnd(TrainingRun.resume(run, false));
        assertThat(run.resolve("model/classifier/diffusion_pytorch_model.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model/classifier/diffusion_pytorch_model.safetensors"));
        assertThat(state(run).phase()).isEqualTo(Phase.FINISHED);
        assertThat(state(run).learnt()).isEqualTo(run.resolve("model"));
        assertThat(CheckpointModel.save(run, 6).resolve("classifier/diffusion_pytorch_model.safetensors"))
                .as("the last checkpoint is the end")
                .hasSameBinaryContentAs(run.resolve("model/classifier/diffusion_pytorch_model.safetensors"));
        assertThatThrownBy(() -> new RunFolder(run).stop())
                .isInstanceOf(Problem.class)
                .hasMessageContaining("no training goes on");
    }

    @Test
    void a_plan_is_what_the_run_begins_with_and_leaves_nothing() {
        RunPlan plan = RunTrial.of(recipe());
        Path run = folder.resolve("run");
        RunPlan[] real = {plan};
        TrainingRun.start(recipe(), run)
                .run(
                        new RunListener() {
                            @Override
                            public void onPlan(RunPlan begun) {
                                real[0] = begun;
                            }
                        },
                        () -> true);
        assertThat(plan.parameters()).isEqualTo(real[0].parameters());
        assertThat(plan.totalSteps()).isEqualTo(real[0].totalSteps()).isEqualTo(6);
        assertThat(plan.examplesPerStep()).isEqualTo(8);
        assertThat(plan.secondsPerStep()).isPositive();
    }

    @Test
    void a_chain_is_stopped_by_a_file_in_its_own_folder_or_in_that_of_a_stage() {
        Chain chain = new Chain(
                "two", "", "", List.of(), "", Map.of("only", recipe().with(draft -> draft.name = "two-only")), null);
        Path run = folder.resolve("chain");
        List<Phase> seen = new ArrayList<>();
        assertThat(ChainRun.start(chain, run)
                        .run(stopping(run, 2, seen), () -> false)
                        .steps())
                .isEqualTo(2);
        assertThat(state(run).phase()).isEqualTo(Phase.STOPPED);
        assertThat(ChainRun.resume(run, false)
                        .run(stopping(run.resolve("only"), 4, seen), () -> false)
                        .steps())
                .isEqualTo(4);
        RunState state = state(run);
        assertThat(state.phase()).isEqualTo(Phase.STOPPED);
        assertThat(state.stages().get("only").checkpoints()).contains(4L);
        assertThat(state.progress().step()).isEqualTo(4);
        assertThat(ChainRun.resume(run, false)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
        assertThat(state(run).phase()).isEqualTo(Phase.FINISHED);
        assertThat(seen).containsOnly(Phase.RUNNING);
    }

    @Test
    void a_failed_run_says_why_and_a_dead_process_is_an_interruption() throws Exception {
        Path run = folder.resolve("run");
        TrainingRun training = TrainingRun.start(recipe(), run);
        RunListener failing = new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                throw Problem.failure("the disk is full");
            }
        };
        assertThatThrownBy(() -> training.run(failing, () -> false)).hasMessage("the disk is full");
        assertThat(state(run).phase()).isEqualTo(Phase.FAILED);
        assertThat(state(run).reason()).isEqualTo("the disk is full");

        Path lock = run.resolve(".lock");
        ProcessHandle here = ProcessHandle.current();
        Instant began = here.info().startInstant().orElseThrow();
        Files.writeString(lock, new RunWorker(here.pid(), began, null, null).toText());
        assertThat(state(run).phase()).isEqualTo(Phase.RUNNING);
        Files.writeString(lock, new RunWorker(here.pid(), began.minusSeconds(99), null, null).toText());
        assertThat(state(run).phase()).as("the number was given again").isEqualTo(Phase.INTERRUPTED);
        Files.writeString(lock, "{\"pid\":");
        assertThat(state(run).phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void new_lines_of_the_metrics_are_read_once_and_a_half_one_when_it_is_whole() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        dev.diffusion4j.recipe.watch.MetricsTail tail = new dev.diffusion4j.recipe.watch.MetricsTail(file);
        assertThat(tail.next().lines()).isEmpty();
        Files.writeString(file, "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"lo");
        assertThat(tail.next().lines()).containsExactly(Map.of("step", 1L, "loss", 0.5));
        Files.writeString(file, "ss\":0.25}\nnonsense\n", StandardOpenOption.APPEND);
        var second = tail.next();
        assertThat(second.isAnew()).isFalse();
        assertThat(second.lines()).containsExactly(Map.of("step", 2L, "loss", 0.25));
        assertThat(tail.next().lines()).isEmpty();
        Path other =
                Files.writeString(folder.resolve("new"), "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"loss\":0.125}\n");
        Files.move(other, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING); // as a resumed run does
        assertThat(tail.next().isAnew()).isTrue();
    }
}
