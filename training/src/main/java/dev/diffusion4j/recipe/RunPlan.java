// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run will be, known before it starts.
 *
 * @param recipe its name
 * @param data as text
 * @param parameters numbers that are learnt
 * @param doneSteps updates that an earlier part of the run made
 * @param totalSteps updates in all
 * @param stepsPerEpoch updates of a pass over the data
 * @param secondsPerStep as just tried
 * @param memoryMiB resident memory at its highest, by a step that was just tried and the pictures that will be kept; 0 where the system does not say
 * @param examplesPerStep pictures of an update
 * @param dtype {@code f32} or {@code bf16}
 * @param threads in all
 */
public record RunPlan(
        String recipe,
        String data,
        long parameters,
        long doneSteps,
        long totalSteps,
        long stepsPerEpoch,
        double secondsPerStep,
        long memoryMiB,
        int examplesPerStep,
        String dtype,
        int threads) {

    /** Of the updates that are left; previews not counted. */
    public double expectedSeconds() {
        return secondsPerStep * (totalSteps - doneSteps);
    }

    /** Writes what does not depend on the moment, for whoever watches the run: what was tried is left out. */
    void write(Path file) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("recipe", recipe);
        json.put("data", data);
        json.put("parameters", parameters);
        json.put("total_steps", totalSteps);
        json.put("steps_per_epoch", stepsPerEpoch);
        json.put("examples_per_step", examplesPerStep);
        json.put("dtype", dtype);
        json.put("threads", threads);
        AtomicFile.write(file, Json.pretty(json));
    }
}
