// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** With what algorithm, in how many steps and from which noise. */
final class SchedulerChoice {
    @Option(
            names = "--scheduler",
            paramLabel = "NAME",
            description = "The sampling algorithm: ${COMPLETION-CANDIDATES}. Default: the model's own.",
            completionCandidates = Choices.Schedulers.class)
    @Nullable
    String scheduler;

    @Option(
            names = "--scheduler-option",
            paramLabel = "KEY=VALUE",
            description = "Change a setting of the scheduler; repeatable.")
    List<String> options = new ArrayList<>();

    @Option(names = "--steps", paramLabel = "N", description = "Denoising steps; default: as diffuse sample.")
    @Nullable
    Integer steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Picture k is drawn with seed N + k; default: ${DEFAULT-VALUE}.")
    long seed;

    /** What is drawn with what. */
    record Chosen(DiffusionPipeline pipeline, GenerationRequest request) implements AutoCloseable {
        @Override
        public void close() {
            pipeline.close();
        }
    }

    /** The same network with the algorithm that was asked for; the caller closes both pipelines. */
    Chosen of(DiffusionPipeline loaded, GenerationRequest request) {
        SchedulerKind kind = scheduler == null
                ? loaded.scheduler().kind()
                : Keyed.fromKey(SchedulerKind.class, scheduler, "--scheduler");
        SchedulerOptions parsed = SchedulerOptions.parse(kind, options, "--scheduler-option");
        DiffusionPipeline pipeline = loaded.withScheduler(kind, parsed.config());
        int wanted = steps == null ? pipeline.defaultSteps() : Check.positive(steps, "--steps");
        return new Chosen(pipeline, request.withSteps(wanted).withSeed(seed).withStepOptions(parsed.step()));
    }
}
