// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextToImageSaveTest {
    private static final GenerationRequest CAT = GenerationRequest.of(
            r -> r.prompt("a red cat").negativePrompt("house").steps(3));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tiny-sd", "tiny-xl"})
    void what_was_loaded_is_saved_as_the_same_pipeline_and_draws_the_same(String name) {
        Path copy = folder.resolve("copy");
        float[] before;
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path(name));
                GenerationResult drawn = pipeline.generate(CAT)) {
            before = Tensors.floats(drawn.samples());
            pipeline.save(copy);
        }
        assertThat(Json.readObject(copy.resolve("model_index.json")))
                .isEqualTo(Json.readObject(Golden.path(name + "/model_index.json")));
        try (DiffusionPipeline again = DiffusionPipeline.load(copy)) {
            try (GenerationResult drawn = again.generate(CAT)) {
                assertThat(Tensors.floats(drawn.samples())).isEqualTo(before);
            }
            again.save(copy); // over itself
        }
        try (DiffusionPipeline again = DiffusionPipeline.load(copy);
                GenerationResult drawn = again.generate(CAT)) {
            assertThat(Tensors.floats(drawn.samples())).isEqualTo(before);
        }
    }
}
