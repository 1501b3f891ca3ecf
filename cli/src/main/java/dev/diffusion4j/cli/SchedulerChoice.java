// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
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
            description = "The sampling algorithm: ${COMPLETION-CANDIDATES}. Default: the model's own, as configured.",
            completionCandidates = Choices.Schedulers.class)
    @Nullable
    String scheduler;

    @Option(
            names = "--scheduler-option",
            paramLabel = "KEY=VALUE",
            description = "Change a setting of the scheduler: use_karras_sigmas=true, s_churn=20, mu=1.15, …")
    List<String> options = new ArrayList<>();

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Denoising steps; default: 50, with ddpm all timesteps of the training (mostly 1000).")
    @Nullable
    Integer steps;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Picture k is drawn with seed N + k; default: ${DEFAULT-VALUE}.")
    long seed;

    /** The selection, checked as far as it can be before the model is read. */
    SchedulerSelection selection() {
        if (steps != null) {
            Check.positive(steps, "{steps}");
        }
        SchedulerKind kind = scheduler == null ? null : Keyed.fromKey(SchedulerKind.class, scheduler, "{scheduler}");
        return new SchedulerSelection(kind, options, steps);
    }

    /** A view of {@code loaded} with the algorithm that was asked for, and {@code request} with its seed and steps. */
    Chosen of(DiffusionPipeline loaded, GenerationRequest request) {
        return selection().on(loaded, request.with(r -> r.seed(seed)));
    }
}
