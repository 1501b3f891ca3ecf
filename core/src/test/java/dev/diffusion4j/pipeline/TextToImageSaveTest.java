// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextToImageSaveTest {
    private static final GenerationRequest CAT = GenerationRequest.of(
            r -> r.prompt("a red cat").negativePrompt("house").steps(3));

    @TempDir
    Path folder;

    @Test
    void a_learnt_word_counts_from_its_file() {
        Path file = folder.resolve("any.safetensors");
        TensorScope.run(() -> Safetensors.write(
                file,
                Map.of("<spotted>", Tensors.of(new float[] {3, -2, 1, 4, 0, 2, -3, 1, 2, 2, 0, -1, 5, 1, 0, 2}, 1, 16)),
                Map.of()));
        GenerationRequest spotted = CAT.with(r -> r.prompt("a <spotted> cat"));
        LoadOptions learnt = LoadOptions.DEFAULT.withEmbeddings(List.of(file));
        try (DiffusionPipeline plain = DiffusionPipeline.load(Golden.path("tiny-sd"));
                DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-sd"), learnt);
                GenerationResult without = plain.generate(spotted);
                GenerationResult with = pipeline.generate(spotted);
                GenerationResult other = pipeline.generate(CAT);
                GenerationResult plainOther = plain.generate(CAT)) {
            assertThat(Tensors.floats(with.samples())).isNotEqualTo(Tensors.floats(without.samples()));
            assertThat(Tensors.floats(other.samples())).isEqualTo(Tensors.floats(plainOther.samples()));
            assertThat(pipeline.filesBeside().embeddings()).containsExactly(file);
        }
    }

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
