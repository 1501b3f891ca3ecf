// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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

    /** What is drawn with what. */
    record Chosen(DiffusionPipeline pipeline, GenerationRequest request) implements AutoCloseable {
        @Override
        public void close() {
            pipeline.close();
        }
    }

    /**
     * {@code request} from the seed that was asked for, after a look at all that can be checked before the model is read.
     *
     * @throws IllegalArgumentException where a number, or the algorithm's name, is not allowed
     */
    GenerationRequest seeded(GenerationRequest request) {
        Check.that(seed >= 0, "--seed must be >= 0, but was " + seed);
        long last = Long.MAX_VALUE - request.count() + 1;
        Check.that(
                seed <= last,
                "--seed must be at most " + last + " with --count " + request.count()
                        + ", because picture k is drawn with seed N + k; but was " + seed);
        if (steps != null) {
            Check.positive(steps, "--steps");
        }
        kind();
        return request.with(r -> r.seed(seed));
    }

    private @Nullable SchedulerKind kind() {
        return scheduler == null ? null : Keyed.fromKey(SchedulerKind.class, scheduler, "--scheduler");
    }

    /** The same network with the algorithm that was asked for; the caller closes both pipelines. */
    Chosen of(DiffusionPipeline loaded, GenerationRequest request) {
        GenerationRequest seeded = seeded(request);
        SchedulerKind wanted = kind();
        SchedulerKind kind = wanted == null ? loaded.scheduler().kind() : wanted;
        SchedulerOptions parsed = SchedulerOptions.parse(kind, options, "--scheduler-option");
        DiffusionPipeline pipeline = loaded.withScheduler(kind, parsed.config());
        try {
            checkEta(pipeline.scheduler(), request.eta());
            int made = steps == null ? pipeline.defaultSteps() : steps;
            return new Chosen(pipeline, seeded.with(r -> r.steps(made).stepOptions(parsed.step())));
        } catch (RuntimeException e) {
            pipeline.close();
            throw e;
        }
    }

    /** @throws Problem (a wrong request) where fresh noise was asked for and the algorithm takes none */
    static void checkEta(Scheduler chosen, double eta) {
        if (eta > 0 && !chosen.takesEta()) {
            List<String> takers = Arrays.stream(SchedulerKind.values())
                    .filter(kind -> kind.create(Map.of()).takesEta())
                    .map(SchedulerKind::key)
                    .toList();
            throw Problem.request("the scheduler '" + chosen.kind().key()
                    + "' takes no --eta: leave it away, or choose one that does with --scheduler: "
                    + String.join(", ", takers));
        }
    }
}
