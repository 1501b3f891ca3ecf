// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.PickledWeights;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Single files in the original layout, and what diffusers makes of them: oracle/golden_single_file.py. */
class SingleFileTest {
    private static final ModelFamilies FAMILIES = ModelFamilies.BUILT_IN;
    private static final Map<String, String> EPSILON = Map.of("format", "pt", "modelspec.prediction_type", "epsilon");

    @TempDir
    Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sd1-inpaint", "sd1-instruct", "sd2", "xl", "xl-refiner"})
    void tensors_are_those_of_diffusers_to_the_bit(String name) throws IOException {
        SingleGolden golden = SingleGolden.tiny(name);
        Path file = temp.resolve("weights"); // no name says what it is
        golden.write(file, EPSILON);
        try (OpenedParts parts = SingleFile.open(file, golden.configFolder(temp.resolve("config")), FAMILIES)) {
            assertThat(parts.parts().keySet()).isEqualTo(golden.configs().keySet());
            assertThat(parts.notes()).isEmpty();
            parts.parts().values().forEach(part -> assertThat(SingleGolden.hashes(part.weights()))
                    .as(part.name())
                    .isEqualTo(golden.hashes(part.name())));
            for (PipelinePart part : parts.parts().values()) {
                try (Model model = part.read(FAMILIES, Devices.cpu(), Precision.BF16)) {
                    assertThat(model.stateDict().values()).allSatisfy(tensor -> assertThat(Tensors.type(tensor))
                            .isEqualTo(ScalarType.BFloat16));
                }
            }
        }
    }

    /** Of the real models: names and shapes alone say all but what the Hub's configs say of such models. */
    @ParameterizedTest
    @CsvSource({
        "sd1, StableDiffusionPipeline, PNDMScheduler",
        "sd1-inpaint, StableDiffusionInpaintPipeline, DDIMScheduler",
        "sd2, StableDiffusionPipeline, DDIMScheduler",
        "xl, StableDiffusionXLPipeline, EulerDiscreteScheduler",
        "xl-refiner, StableDiffusionXLImg2ImgPipeline, EulerDiscreteScheduler"
    })
    void configs_are_those_of_the_hub(String name, String pipeline, String scheduler) throws IOException {
        SingleGolden golden = SingleGolden.real(name);
        Path file = temp.resolve("model.ckpt");
        golden.writeHole(file);

        try (OpenedParts parts = SingleFile.open(file, null, FAMILIES)) {
            assertThat(parts.parts().keySet()).isEqualTo(golden.configs().keySet());
            assertThat(parts.pipelineClass()).isEqualTo(pipeline);
            assertThat(parts.readScheduler().algorithm().className()).isEqualTo(scheduler);
            parts.parts().values().forEach(part -> assertThat(typed(part.className(), part.config()))
                    .as(part.name())
                    .containsAllEntriesOf(
                            typed(part.className(), Json.object(golden.configs().get(part.name())))));
        }
    }

    private static Map<String, @Nullable Object> typed(String className, Map<String, @Nullable Object> config) {
        try (Model model =
                WeightMemory.shapesOnly(() -> FAMILIES.named(className, "test").create(config))) {
            return model.config();
        }
    }

    @Test
    void what_the_denoiser_predicts_is_read_from_metadata_or_taken_as_diffusers_does() throws IOException {
        SingleGolden golden = SingleGolden.real("sd2");
        Path file = temp.resolve("sd2.safetensors");
        golden.writeHole(file);
        try (OpenedParts parts = SingleFile.open(file, null, FAMILIES)) {
            assertThat(parts.scheduler()).containsEntry("prediction_type", "v_prediction");
            assertThat(parts.notes())
                    .singleElement()
                    .asString()
                    .contains("does not say what its denoiser predicts: v is taken", "{schedulerOptions}", "{config}");
        }
        assertThat(Prediction.of(List.of("v_pred", "ztsnr"), Map.of())).isEqualTo(new Prediction("v_prediction", true));
        assertThat(Prediction.of(List.of(), Map.of("modelspec.prediction_type", "v"))
                        .type())
                .isEqualTo("v_prediction");
        assertThat(Prediction.of(List.of(), Map.of("ss_v_parameterization", "False", "ss_zero_terminal_snr", "True")))
                .isEqualTo(new Prediction("epsilon", true));
        assertThat(Prediction.of(List.of(), Map.of())).isEqualTo(new Prediction(null, false));
    }

    /** With the containers, averages and notes of a training, which name classes that are not run. */
    @Test
    void a_checkpoint_of_a_training_is_read_without_running_what_is_in_it() throws IOException {
        SingleGolden golden = SingleGolden.checkpoint();
        Path config = golden.configFolder(temp.resolve("config"));
        try (OpenedParts parts = SingleFile.open(Golden.path("single_file.ckpt"), config, FAMILIES)) {
            assertThat(parts.parts()).containsOnlyKeys("vae");
            PipelinePart vae = parts.parts().get("vae");
            assertThat(SingleGolden.hashes(vae.weights())).isEqualTo(golden.hashes("vae"));
            assertThat(parts.notes()).anySatisfy(note -> assertThat(note).contains("model_ema"));
        }
    }

    @Test
    void a_pickle_gives_the_same_tensors_whatever_it_is_called() throws IOException {
        SingleGolden golden = SingleGolden.tiny("sd1");
        Path plain = temp.resolve("plain.safetensors");
        golden.write(plain, EPSILON, ScalarType.Float);
        Path pickled = temp.resolve("renamed.safetensors");
        Files.write(pickled, PickledWeights.of(plain));
        Path config = golden.configFolder(temp.resolve("config"));
        try (OpenedParts expected = SingleFile.open(plain, config, FAMILIES);
                OpenedParts actual = SingleFile.open(pickled, config, FAMILIES)) {
            actual.parts().forEach((name, part) -> assertThat(SingleGolden.hashes(part.weights()))
                    .isEqualTo(SingleGolden.hashes(
                            expected.find(name).orElseThrow().weights())));
        }
    }
}
