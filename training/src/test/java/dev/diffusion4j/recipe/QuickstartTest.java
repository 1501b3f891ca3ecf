// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.metric.Variety;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A quickstart that is stopped in any of its parts goes on there by the same call. */
class QuickstartTest {
    private static final List<String> TINY = List.of(
            "model.config.block_out_channels=[32]",
            "model.config.layers_per_block=1",
            "model.config.down_block_types=[DownBlock2D]",
            "model.config.up_block_types=[UpBlock2D]",
            "data.image_size=8",
            "data.limit=200",
            "training.batch_size=8",
            "training.max_steps=4",
            "samples.count=0",
            "samples.steps=2");

    @TempDir
    Path folder;

    private final List<String> events = new ArrayList<>();

    /** Notes which parts begin where. */
    private RunListener note(String part) {
        return new RunListener() {
            @Override
            public void onPlan(RunPlan plan) {
                events.add(part + " from " + plan.doneSteps());
            }

            @Override
            public void onAlreadyFinished(long steps) {
                events.add(part + " done with " + steps);
            }

            @Override
            public void onStep(RunProgress progress) {
                events.add(part + " " + progress.step());
            }
        };
    }

    private final Quickstart.Watcher watcher = new Quickstart.Watcher() {
        @Override
        public RunListener network() {
            return note("main");
        }

        @Override
        public RunListener judge() {
            return note("judge");
        }

        @Override
        public StepListener drawing(GenerationRequest request) {
            events.add("draws " + request.count());
            return StepListener.NONE;
        }
    };

    private Quickstart.Outcome run(String stopAt) {
        BooleanSupplier stop = () -> events.contains(stopAt);
        return new Quickstart(TINY, folder.resolve("run"), 3).run(watcher, stop);
    }

    @Test
    void goes_on_where_it_was_stopped() {
        assertThatThrownBy(() -> run("main 3")).isInstanceOf(CancellationException.class);
        events.clear();
        assertThatThrownBy(() -> run("judge 2")).isInstanceOf(CancellationException.class);
        assertThat(events).startsWith("main from 3", "main 4", "judge from 0");
        events.clear();
        assertThatThrownBy(() -> run("draws 500")).isInstanceOf(CancellationException.class);
        assertThat(events).containsExactly("main done with 4", "judge from 2", "judge 3", "draws 500");
        events.clear();
        Quickstart.Outcome outcome = run("never");
        assertThat(events).containsExactly("main done with 4", "judge done with 3", "draws 500");
        assertThat(outcome.asked()).isEqualTo(500);
        assertThat(outcome.shortened()).isTrue();
        assertThat(outcome.grid()).exists();
        assertThat(outcome.model().resolve("README.md"))
                .content()
                .contains("class-conditional")
                .doesNotContain("unconditional-image-generation");
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(outcome.model())) {
            pipeline.check(
                    GenerationRequest.of(r -> r.classes(3).guidanceScale(3).steps(2))); // can be guided
        }

        List<String> other = new ArrayList<>(TINY);
        other.add("training.batch_size=9");
        assertThatThrownBy(() -> new Quickstart(other, folder.resolve("run"), 3).run(watcher, () -> false))
                .hasMessageContaining("training.batch_size is 8 there and 9 here");
    }

    @Test
    void a_whole_run_falls_short_of_each_bound() {
        assertThat(outcome(0.99, 460, 0.9, 0).shortcomings()).isEmpty();
        assertThat(outcome(0.97, 449, 0.5, 2).shortcomings()).hasSize(4);
        assertThat(outcome(0.99, 460, Double.NaN, 0).shortcomings()).hasSize(1);
    }

    private Quickstart.Outcome outcome(double judge, int recognised, double ratio, int copies) {
        return new Quickstart.Outcome(judge, recognised, 500, new Variety(ratio, 0.5, copies), folder, folder, false);
    }
}
