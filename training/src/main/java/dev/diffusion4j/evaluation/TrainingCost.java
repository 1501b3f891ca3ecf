// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.tracking.LossCurve;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a run cost and came to.
 *
 * @param steps updates
 * @param lastLoss mean of the last hundred losses
 * @param seconds in updates; previews and checkpoints do not count
 */
public record TrainingCost(long steps, double lastLoss, double seconds) {

    /** Of the run that made the model in {@code folder}; empty where the run is not around it any more. */
    public static Optional<TrainingCost> of(Path folder) {
        return ModelFolders.runOf(folder).flatMap(TrainingCost::read);
    }

    private static Optional<TrainingCost> read(Path run) {
        LossCurve loss = LossCurve.read(run.resolve("metrics.jsonl"), "loss");
        Path recipe = run.resolve("recipe.yaml");
        if (loss.size() == 0 || !Files.exists(recipe)) {
            return Optional.empty();
        }
        double pictures = picturesOfUpdate(Yaml.readObject(recipe));
        double seconds = JsonlTracker.read(run.resolve("metrics.jsonl")).stream()
                .mapToDouble(line -> seconds(line, pictures))
                .sum();
        return Optional.of(new TrainingCost(loss.size(), loss.lastMean(), seconds));
    }

    /** @param pictures of an update, where its line does not say: earlier versions did not note how many the last had */
    private static double seconds(Map<String, @Nullable Object> line, double pictures) {
        double speed = number(line, "images_per_second", 0);
        return speed > 0 ? number(line, "examples", pictures) / speed : 0;
    }

    private static double picturesOfUpdate(Map<String, @Nullable Object> recipe) {
        if (!(recipe.get("training") instanceof Map<?, ?> group)) {
            return 0;
        }
        Map<String, @Nullable Object> training = Json.object(group);
        return number(training, "batch_size", 0) * number(training, "gradient_accumulation_steps", 1);
    }

    private static double number(Map<String, @Nullable Object> map, String key, double otherwise) {
        return map.get(key) instanceof Number number ? number.doubleValue() : otherwise;
    }
}
