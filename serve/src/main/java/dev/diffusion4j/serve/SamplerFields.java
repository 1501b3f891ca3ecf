// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.scheduler.SchedulerKind;

/** The algorithm of a request by the names that clients know, in fields that each interface calls otherwise. */
final class SamplerFields {
    private static final String SPACING = "spacing";

    private SamplerFields() {}

    /**
     * What they say; a spacing that the named algorithm cannot have is said to have no effect.
     *
     * @param steps 0 for as many as suit the algorithm
     * @param spacing the field of the spacing of noise levels
     * @param samplers the fields of the algorithm, the first one that is there counts
     * @throws Refusal (400) where there is none of that name
     */
    static SchedulerSelection read(Fields fields, int steps, String spacing, String... samplers) {
        String spaced = fields.text(spacing);
        try {
            SchedulerSelection found = SamplerNames.selection(fields.text(samplers), spaced, steps == 0 ? null : steps);
            SchedulerKind kind = found.kind();
            if (kind != null && !SamplerNames.fits(kind, spaced)) {
                fields.hasNoEffect(spacing);
            }
            return found;
        } catch (Problem e) {
            boolean isSpacing = e.field().filter(SPACING::equals).isPresent();
            throw Refusal.value(isSpacing ? spacing : samplers[0], Worded.marked(e));
        }
    }
}
