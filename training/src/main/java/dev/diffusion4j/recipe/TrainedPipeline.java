// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Placement;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The network that a run trains, with all that it is trained with: what previews and measurements draw from, and what is saved.
 * Everything in it is borrowed.
 *
 * @param model on its device, in f32
 * @param scheduler that it is trained for
 * @param parts the run's own conditioner and codec
 * @param beside the parts beside it that come from folders; {@code null} where none do
 * @param frozen those of its networks that stay as they are
 * @param placement where it computes
 * @param classes how many the network knows, or the data where the network does not count them; 0 for none
 */
record TrainedPipeline(
        DiffusionModel model,
        Scheduler scheduler,
        PipelineParts parts,
        @Nullable Companions beside,
        FrozenParts frozen,
        Placement placement,
        int classes) {

    /** As it is now; the caller closes it. */
    DiffusionPipeline open() {
        return DiffusionPipeline.borrowing(model, scheduler, parts, placement);
    }

    /** Writes a folder that diffusers loads where it knows the networks; parts that did not learn are copied byte by byte. */
    void save(Path target) {
        if (beside == null) {
            try (DiffusionPipeline pipeline = open()) {
                pipeline.save(target);
            }
            return;
        }
        Map<String, Model> learnt = new TreeMap<>(parts.staying());
        learnt.keySet().retainAll(parts.conditioner().learning());
        beside.write(target, model, learnt, scheduler, SaveOptions.DEFAULT);
    }
}
