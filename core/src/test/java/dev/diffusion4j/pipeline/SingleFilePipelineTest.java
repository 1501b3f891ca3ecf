// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.Conversion;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void a_refiner_of_one_file_without_a_vocabulary_cuts_texts_as_the_model_does_that_it_is_for() throws IOException {
        Path folded = TinyFolder.refiner(folder.resolve("refiner"));
        Path file = folder.resolve("refiner.safetensors");
        new Conversion(folded, file, null, null, Map.of()).run();
        Path config = folder.resolve("config");
        Files.createDirectories(config.resolve("unet"));
        Files.copy(folded.resolve("model_index.json"), config.resolve("model_index.json"));
        for (String part : List.of("unet", "vae", "text_encoder_2")) {
            Files.createDirectories(config.resolve(part));
            Files.copy(
                    folded.resolve(part).resolve("config.json"),
                    config.resolve(part).resolve("config.json"));
        }
        LoadOptions options = LoadOptions.DEFAULT.withConfig(config).withParts(PartsReader.WITHOUT_CODEC);
        GenerationRequest request = CAT.with(r -> r.refinerStart(0.5));
        try (DiffusionPipeline base = DiffusionPipeline.load(Golden.path("tiny-xl"));
                DiffusionPipeline expected = DiffusionPipeline.load(folded);
                DiffusionPipeline single = SingleFilePipeline.load(
                        file, options, base.setup().parts().tokenizers(), new PartStore());
                GenerationResult wanted = base.refinedBy(expected).generate(request);
                GenerationResult drawn = base.refinedBy(single).generate(request)) {
            assertThat(Tensors.floats(drawn.samples())).isEqualTo(Tensors.floats(wanted.samples()));
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
