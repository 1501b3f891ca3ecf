// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.StepOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * With what algorithm, chosen before the network is known.
 *
 * @param kind the algorithm; {@code null} for the network's own
 * @param options changes to it, {@code use_karras_sigmas=true} for example
 * @param steps denoising steps; {@code null} for as many as suit the algorithm
 * @param spacing of the noise levels, one of {@link SamplerNames#spacings()}; {@code null} for what the algorithm and its options say
 */
public record SchedulerSelection(
        @Nullable SchedulerKind kind, List<String> options, @Nullable Integer steps, @Nullable String spacing) {
    /** The network's own algorithm as it is configured. */
    public static final SchedulerSelection OWN = new SchedulerSelection(null, List.of(), null);

    public SchedulerSelection {
        options = List.copyOf(options);
    }

    /** With the noise levels as the algorithm and its options space them. */
    public SchedulerSelection(@Nullable SchedulerKind kind, List<String> options, @Nullable Integer steps) {
        this(kind, options, steps, null);
    }

    /**
     * What a picture's note says of its algorithm, or a request in the same form.
     *
     * @param kind the algorithm; {@code null} where it is not said
     * @param config its settings; what other algorithms alone have is passed over, since a note has all that the model's own config says
     * @param request the note's
     * @param hasSteps whether it says how many steps
     * @return {@code null} where it says nothing but the steps: the model's own algorithm
     */
    public static @Nullable SchedulerSelection ofNote(
            @Nullable SchedulerKind kind,
            Map<String, ? extends @Nullable Object> config,
            GenerationRequest request,
            boolean hasSteps) {
        if (kind == null && config.isEmpty() && hasSteps) {
            return null;
        }
        Map<String, @Nullable Object> all = Records.settings(config);
        Map<String, @Nullable Object> usual = Records.toMap(StepOptions.DEFAULT);
        Records.toMap(request.stepOptions()).forEach((key, value) -> {
            if (!Objects.equals(value, usual.get(key))) {
                all.put(key, value);
            }
        });
        List<String> options = new ArrayList<>();
        all.forEach((key, value) -> {
            if (kind == null || !isOfAnother(key, kind)) {
                options.add(key + "=" + Json.compact(value));
            }
        });
        return new SchedulerSelection(kind, options, hasSteps ? request.steps() : null);
    }

    private static boolean isOfAnother(String key, SchedulerKind kind) {
        return !StepOptions.KEYS.contains(key)
                && !kind.create(Map.of()).config().containsKey(key)
                && Arrays.stream(SchedulerKind.values())
                        .anyMatch(each -> each.create(Map.of()).config().containsKey(key));
    }

    /**
     * What is drawn with what.
     *
     * @param pipeline a view of the one that was given; not to be closed
     */
    public record Chosen(DiffusionPipeline pipeline, GenerationRequest request) {}

    /**
     * A view of {@code pipeline} with this algorithm, and {@code request} with its steps.
     *
     * @throws Problem where the network was not trained for it, or it has no such option or spacing
     */
    public Chosen on(DiffusionPipeline pipeline, GenerationRequest request) {
        SchedulerKind chosen = kind == null ? SchedulerKind.of(pipeline.scheduler()) : kind;
        List<String> all = new ArrayList<>(options);
        if (spacing != null) {
            all.addAll(SamplerNames.spaced(chosen, spacing));
        }
        SchedulerOptions parsed = SchedulerOptions.parse(chosen, all, "{schedulerOptions}");
        DiffusionPipeline view = pipeline.withScheduler(chosen, parsed.config());
        checkEta(view.scheduler(), request.eta());
        int made = steps == null ? view.defaultSteps(request) : steps;
        return new Chosen(view, request.with(r -> r.steps(made).stepOptions(parsed.step())));
    }

    /** @throws Problem where fresh noise was asked for and the algorithm takes none */
    public static void checkEta(Scheduler chosen, double eta) {
        if (eta > 0 && !chosen.takesEta()) {
            List<String> takers = Arrays.stream(SchedulerKind.values())
                    .filter(kind -> kind.create(Map.of()).takesEta())
                    .map(SchedulerKind::key)
                    .toList();
            throw Problem.request("the scheduler '" + chosen.algorithm().key()
                    + "' takes no {eta}: omit it, or choose one that does with {scheduler}: "
                    + String.join(", ", takers));
        }
    }
}
