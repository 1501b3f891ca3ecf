// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.model.ModelFamilies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineIndexTest {
    @TempDir
    Path folder;

    @Test
    void a_pipeline_class_that_is_named_with_its_file_is_no_component() throws IOException {
        Files.writeString(
                folder.resolve("model_index.json"),
                """
                {"_class_name": ["pipeline", "MyPipe"], "_diffusers_version": "0.30.0",
                 "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
                """);
        PipelineFolder opened = PipelineFolder.open(folder);

        assertThat(opened.modelName()).isEqualTo("unet");
        assertThat(opened.components().pipelineClass()).isEqualTo("MyPipe");
    }

    @ParameterizedTest
    @CsvSource({
        "unet, UNet2DModel, true",
        "classifier, ConvClassifier, false",
        "vae, AutoencoderKL, false",
        "unet, SomebodysNetwork, true"
    })
    void a_folder_of_known_networks_is_for_drawing_where_one_is_a_denoiser(String name, String className, boolean draws)
            throws IOException {
        Files.writeString(
                folder.resolve("model_index.json"),
                "{\"_class_name\": \"DiffusionPipeline\", \"" + name + "\": [\"diffusion4j\", \"" + className + "\"]}");

        assertThat(ComponentMap.read(folder).mayDraw(ModelFamilies.BUILT_IN)).isEqualTo(draws);
    }
}
