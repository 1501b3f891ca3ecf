// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Placement;

/**
 * The network that a run trains, with all that it is trained with: what previews and measurements draw from, and what is saved.
 * Everything in it is borrowed.
 *
 * @param model on its device, in f32
 * @param scheduler that it is trained for
 * @param parts the run's own conditioner and codec
 * @param placement where it computes
 * @param classes how many the network knows, or the data where the network does not count them; 0 for none
 */
record TrainedPipeline(
        DiffusionModel model, Scheduler scheduler, PipelineParts parts, Placement placement, int classes) {

    /** As it is now; the caller closes it. */
    DiffusionPipeline open() {
        return DiffusionPipeline.borrowing(model, scheduler, parts, placement);
    }
}
