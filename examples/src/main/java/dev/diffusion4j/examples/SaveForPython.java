// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.nio.file.Path;
import java.util.Map;

/** Saves a folder that Python's diffusers loads, with another scheduler and other settings than it came with. */
public final class SaveForPython {
    private SaveForPython() {}

    /** {@code SaveForPython MODEL_FOLDER OUT_FOLDER}. */
    public static void main(String[] args) {
        Path out = Path.of(args[1]);
        try (DiffusionPipeline loaded = DiffusionPipeline.load(Path.of(args[0]));
                DiffusionPipeline changed =
                        loaded.withScheduler(SchedulerKind.DDIM, Map.of("timestep_spacing", "trailing"))) {
            changed.save(out);
        }
        System.out.println(
                """
                from diffusers import DiffusionPipeline
                pipeline = DiffusionPipeline.from_pretrained("%s")
                pipeline(num_inference_steps=20).images[0].save("from-python.png")"""
                        .formatted(out));
    }
}
