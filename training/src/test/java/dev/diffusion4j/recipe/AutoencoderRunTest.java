// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An autoencoder is trained by the ordinary trainer, by a classifier's eye too, and saved as diffusers saves one. */
class AutoencoderRunTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final String WEIGHTS = "model/vae/diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    private static Recipe recipe() {
        return Recipe.DEFAULT.with(r -> {
            r.name = "tiny-autoencoder";
            r.model.kind = "AutoencoderKL";
            r.model.config = Map.of(
                    "block_out_channels", List.of(8, 8),
                    "down_block_types", List.of("DownEncoderBlock2D", "DownEncoderBlock2D"),
                    "up_block_types", List.of("UpDecoderBlock2D", "UpDecoderBlock2D"),
                    "norm_num_groups", 4L);
            r.data.source = "scenes";
            r.data.imageSize = 16;
            r.training.maxSteps = 4;
            r.training.batchSize = 4;
            r.samples.count = 4;
            r.samples.perRow = 2;
        });
    }

    private Path classifier() {
        Recipe eye = Recipe.DEFAULT.with(r -> {
            r.name = "tiny-classifier";
            r.model.kind = "ConvClassifier";
            r.model.config = Map.of("widths", List.of(4L), "halve_each", true, "hidden", 4L);
            r.data.source = "scenes";
            r.data.imageSize = 16;
            r.training.maxSteps = 1;
            r.training.batchSize = 4;
            r.samples.count = 0;
        });
        return TrainingRun.start(eye, folder.resolve("eye"))
                .run(QUIET, () -> false)
                .folder()
                .resolve("model");
    }

    @Test
    void learns_by_a_classifiers_eye_and_ends_in_the_same_bytes_when_it_was_stopped() throws IOException {
        String eye = classifier().toString();
        Recipe recipe = recipe().with(r -> r.objective.autoencoder = new AutoencoderConfig(1e-4, 0.5, eye));
        Path whole = TrainingRun.start(recipe, folder.resolve("whole"))
                .run(QUIET, () -> false)
                .folder();
        AtomicInteger asked = new AtomicInteger();
        Path stopped = folder.resolve("stopped");
        RunSummary half = TrainingRun.start(recipe, stopped).run(QUIET, () -> asked.incrementAndGet() > 2);
        assertThat(half.finished()).isFalse();
        TrainingRun.resume(stopped, false).run(QUIET, () -> false);
        assertThat(stopped.resolve(WEIGHTS)).hasSameBinaryContentAs(whole.resolve(WEIGHTS));

        assertThat(JsonlTracker.read(whole.resolve("metrics.jsonl")).get(0))
                .containsKeys("loss", "reconstruction", "kl", "features");
        try (var pictures = Files.list(whole.resolve("samples"))) {
            assertThat(pictures).isNotEmpty();
        }
        try (Model read = PipelineFolder.open(whole.resolve("model")).readModel(Devices.cpu(), Precision.F32, null)) {
            assertThat(read).isInstanceOf(AutoencoderKl.class);
            assertThat(((AutoencoderKl) read).typedConfig().sampleSize().height())
                    .isEqualTo(16);
        }
    }

    @Test
    void its_latents_are_measured_and_brought_to_a_deviation_of_1() {
        Recipe recipe = recipe().with(r -> {
            r.data.limit = 40;
            r.objective.autoencoder = new AutoencoderConfig(1e-6, 0, null, 40);
        });
        Path run = TrainingRun.start(recipe, folder.resolve("run"))
                .run(QUIET, () -> false)
                .folder();
        double factor = ((Number) java.util.Objects.requireNonNull(
                        Json.readObject(run.resolve("model/vae/config.json")).get("scaling_factor")))
                .doubleValue();
        TensorScope.run(() -> {
            try (AutoencoderKl model = (AutoencoderKl)
                            PipelineFolder.open(run.resolve("model")).readModel(Devices.cpu(), Precision.F32, null);
                    TrainingData data = TrainingData.open(recipe.data(), SourceOptions.defaults());
                    BatchLoader loader = data.inOrder(40);
                    RandomStream random = new RandomStream(3);
                    NoGradGuard guard = new NoGradGuard()) {
                Tensor samples = new VaeCodec(model).encode(loader.next().images(), random);
                assertThat(samples.std().item_float()).isCloseTo(1, within(0.02f));
            }
        });
        assertThat(factor).isNotEqualTo(0.18215);
    }

    @Test
    void what_does_not_fit_is_refused_before_anything_is_written() {
        refused(recipe().with(r -> r.data.imageSize = 17), "set data.image_size to a multiple of 2");
        refused(
                recipe().with(r -> {
                    r.model.kind = "ConvClassifier";
                    r.model.config = Map.of();
                    r.samples.count = 0;
                    r.objective.autoencoder = new AutoencoderConfig(1e-4, 0, null);
                }),
                "objective.autoencoder is for autoencoders");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> new AutoencoderConfig(1e-6, 1, null))
                .withMessageContaining("feature_weight needs a classifier");
    }

    private void refused(Recipe recipe, String message) {
        Path run = folder.resolve("refused");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TrainingRun.start(recipe, run))
                .withMessageContaining(message);
        assertThat(run).doesNotExist();
    }
}
