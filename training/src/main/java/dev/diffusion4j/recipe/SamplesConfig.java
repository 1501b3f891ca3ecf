// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The sample grids that are drawn while a network learns, always from the same seeds.
 *
 * @param everyEpochs after how many epochs; 0 for never, but at the end
 * @param everySteps after how many updates, besides; {@code null} for never
 * @param count pictures in a grid; of each class where there are classes
 * @param steps denoising steps
 * @param scheduler the algorithm
 * @param eta its share of fresh noise
 * @param perRow pictures in a row
 * @param guidanceScale of classifier-free guidance, for networks that can do without a class; 1 for none
 * @param prompts what to draw, for a network that takes words; where there are none, the first different captions of the data
 * @param epochNames whether a grid after an epoch is {@code imgs/{epoch}epochs.png}, from 0, and the last one {@code
 *     imgs/final.png} too, in place of {@code samples/step-….png}
 */
public record SamplesConfig(
        int everyEpochs,
        @Nullable Integer everySteps,
        int count,
        int steps,
        SchedulerKind scheduler,
        double eta,
        int perRow,
        double guidanceScale,
        List<String> prompts,
        boolean epochNames) {
    public static final SamplesConfig DEFAULT =
            new SamplesConfig(1, null, 16, 20, SchedulerKind.DDIM, 0, 8, 1, List.of(), false);

    public SamplesConfig {
        Check.notNegative(everyEpochs, "every_epochs");
        if (everySteps != null) {
            Check.positive(everySteps, "every_steps");
        }
        Check.notNegative(count, "count");
        Check.positive(steps, "steps");
        Check.notNegative(eta, "eta");
        Check.positive(perRow, "per_row");
        Check.finite(guidanceScale, "guidance_scale");
        prompts = List.copyOf(prompts);
    }

    /** {@code SamplesConfig.DEFAULT.with(c -> c.everyEpochs = …)}: the result is checked anew. */
    public SamplesConfig with(Consumer<Draft> edit) {
        Draft draft = draft();
        edit.accept(draft);
        return draft.done();
    }

    Draft draft() {
        return new Draft(this);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public int everyEpochs;
        public @Nullable Integer everySteps;
        public int count;
        public int steps;
        public SchedulerKind scheduler;
        public double eta;
        public int perRow;
        public double guidanceScale;
        public List<String> prompts;
        public boolean epochNames;

        private Draft(SamplesConfig from) {
            everyEpochs = from.everyEpochs;
            everySteps = from.everySteps;
            count = from.count;
            steps = from.steps;
            scheduler = from.scheduler;
            eta = from.eta;
            perRow = from.perRow;
            guidanceScale = from.guidanceScale;
            prompts = from.prompts;
            epochNames = from.epochNames;
        }

        SamplesConfig done() {
            return new SamplesConfig(
                    everyEpochs, everySteps, count, steps, scheduler, eta, perRow, guidanceScale, prompts, epochNames);
        }
    }
}
