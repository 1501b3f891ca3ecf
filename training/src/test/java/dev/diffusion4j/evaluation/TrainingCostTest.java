// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run cost, from what it noted. */
class TrainingCostTest {
    @TempDir
    Path run;

    @Test
    void an_update_of_one_picture_costs_its_own_time() throws IOException {
        Files.createDirectories(run.resolve("model"));
        Files.writeString(run.resolve("recipe.yaml"), "training: {batch_size: 64}\n");
        Files.writeString(
                run.resolve("metrics.jsonl"),
                "{\"step\": 1, \"loss\": 1.0, \"images_per_second\": 128.0, \"examples\": 64.0}\n"
                        + "{\"step\": 2, \"loss\": 3.0, \"images_per_second\": 4.0, \"examples\": 1.0}\n");
        assertThat(TrainingCost.of(run.resolve("model"))).hasValue(new TrainingCost(2, 2, 0.75));
    }
}
