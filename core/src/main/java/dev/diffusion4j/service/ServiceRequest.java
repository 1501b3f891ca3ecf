// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a service is asked for.
 *
 * @param drawing the pictures
 * @param model the name of one of the service's models; {@code null} for the first
 * @param loras adapters that the model is seen through, in this order; it stays as it is for all others
 * @param guidances losses that the pictures are steered by, in place of what a borrowed pipeline is steered by; what they hold must stay until the job
 *     is over
 * @param scheduler with what algorithm and steps, in place of the steps of {@code drawing}; {@code null} for the model's own algorithm and the
 *     steps of {@code drawing}
 * @param timeout after which the job is cancelled, counted from its submission; {@code null} for what the service says
 * @param previews how many times a listener sees the pictures on their way, evenly spaced over the steps; 0 for never
 * @param shares whether its pictures may be drawn in one batch with those of other requests, which is quicker where many wait; they are then those
 *     that are drawn alone to rounding, not to the last bit
 * @param mostSteps how many steps {@code scheduler} takes at most where it says none; {@code null} for as many as suit the algorithm
 */
public record ServiceRequest(
        GenerationRequest drawing,
        @Nullable String model,
        List<LoraChoice> loras,
        List<LossGuidance> guidances,
        @Nullable SchedulerSelection scheduler,
        @Nullable Duration timeout,
        int previews,
        boolean shares,
        @Nullable Integer mostSteps) {

    public ServiceRequest {
        loras = List.copyOf(loras);
        guidances = List.copyOf(guidances);
        ServiceConfig.checkTimeout(timeout);
        Check.notNegative(previews, "{previews}");
        if (mostSteps != null) {
            Check.positive(mostSteps, "{mostSteps}");
        }
    }

    /** These pictures, with all else as the service and the model have it. */
    public static ServiceRequest of(GenerationRequest drawing) {
        return new ServiceRequest(drawing, null, List.of(), List.of(), null, null, 0, false, null);
    }

    /** {@code request.with(r -> r.timeout = Duration.ofSeconds(20))}: the result is checked anew. */
    public ServiceRequest with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public GenerationRequest drawing;
        public @Nullable String model;
        public List<LoraChoice> loras;
        public List<LossGuidance> guidances;
        public @Nullable SchedulerSelection scheduler;
        public @Nullable Duration timeout;
        public int previews;
        public boolean shares;
        public @Nullable Integer mostSteps;

        private Draft(ServiceRequest from) {
            drawing = from.drawing;
            model = from.model;
            loras = from.loras;
            guidances = from.guidances;
            scheduler = from.scheduler;
            timeout = from.timeout;
            previews = from.previews;
            shares = from.shares;
            mostSteps = from.mostSteps;
        }

        private ServiceRequest done() {
            return new ServiceRequest(
                    drawing, model, loras, guidances, scheduler, timeout, previews, shares, mostSteps);
        }
    }
}
