// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.single.Conversion;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SingleFilePipelineTest {
    private static final GenerationRequest CAT = GenerationRequest.of(
            r -> r.prompt("a red cat").negativePrompt("house").steps(3));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tiny-sd", "tiny-xl"})
    void a_file_draws_the_pictures_of_its_folder(String name) {
        Path file = folder.resolve("model.safetensors");
        new Conversion(Golden.path(name), file, null, null, Map.of()).run();
        LoadOptions options = LoadOptions.DEFAULT.withConfig(Golden.path(name));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path(name));
                DiffusionPipeline single = DiffusionPipeline.load(file, options);
                GenerationResult expected = pipeline.generate(CAT);
                GenerationResult drawn = single.generate(CAT)) {
            assertThat(Tensors.floats(drawn.samples())).isEqualTo(Tensors.floats(expected.samples()));
            assertThat(single.modelHash()).hasSize(64);
        }
    }

    @Test
    void a_file_without_a_vocabulary_at_hand_is_refused_in_one_line() {
        Path file = folder.resolve("model.safetensors");
        new Conversion(Golden.path("tiny-sd"), file, null, null, Map.of()).run();
        assertThatThrownBy(() -> DiffusionPipeline.load(file))
                .isInstanceOf(Problem.class)
                .message()
                .contains("config");
    }
}
