// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small Stable Diffusion is trained from nothing, part by part, in one folder. */
class TextToImageChainTest {
    private static final List<String> FEW = List.of(
            "data.limit=16",
            "training.max_steps=2",
            "training.batch_size=4",
            "training.dtype=f32",
            "training.checkpoint_every_steps=1",
            "samples.count=0",
            "clip.validation.limit=8",
            "clip.model.tokenizer={vocabulary: 600, captions: 50}",
            "autoencoder.objective.autoencoder={kl_weight: 0.0000001, scale_pictures: 16}");

    @TempDir
    Path folder;

    private ChainRun start(String name) {
        return ChainRun.start(Recipes.find("text-to-image-small").chain(null, FEW), folder.resolve(name));
    }

    @Test
    void it_ends_as_an_ordinary_folder_and_the_same_to_the_byte_when_it_was_stopped_anywhere() {
        assertThat(start("whole").run(new RunListener() {}, () -> false).finished())
                .isTrue();
        Path halting = folder.resolve("halting");
        ChainRun run = start("halting");
        Random stopping = new Random(4);
        int stops = 0;
        while (!run.run(new RunListener() {}, () -> stopping.nextInt(3) == 0).finished()) {
            run = ChainRun.resume(halting, false);
            stops++;
        }
        assertThat(stops).isGreaterThanOrEqualTo(3);
        Path model = folder.resolve("whole/model");
        for (String file : List.of(
                "unet/diffusion_pytorch_model.safetensors",
                "vae/diffusion_pytorch_model.safetensors",
                "vae/config.json",
                "text_encoder/model.safetensors",
                "tokenizer/tokenizer.json",
                "model_index.json")) {
            assertThat(halting.resolve("unet/model").resolve(file)).hasSameBinaryContentAs(model.resolve(file));
        }
        GenerationRequest request = GenerationRequest.of(
                r -> r.prompt("a red circle on a white ground").steps(2).seed(1));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(folder.resolve("whole"));
                GenerationResult drawn = loaded.generate(request)) {
            assertThat(drawn.images()).hasSize(1);
            assertThat(drawn.images().get(0).getWidth()).isEqualTo(64);
        }
    }

    @Test
    void the_recipe_that_tunes_a_model_is_whole() {
        assertThat(Recipes.builtIn("text-to-image").objective().contextDrop().isActive())
                .isTrue();
    }
}
