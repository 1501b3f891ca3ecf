// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.FakeCard;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tracking.JsonlTracker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs on a card that stands apart from the processor as a real one does: what is encoded, learnt, averaged, validated, previewed and saved. No
 * operation is given tensors of both, and the first loss is the processor's. The fake computes no gradients, so that the weights stay.
 */
class CardRunTest {
    @TempDir
    Path folder;

    static Stream<Named<Recipe>> recipes() {
        return Stream.of(
                        pixels(0),
                        pixels(0.5),
                        TextToImageRunTest.recipe(r -> r.name = "latents and captions"),
                        ZogRuns.recipe(r -> {
                            r.name = "dreambooth, with class pictures and LoRAs of both networks";
                            ZogRuns.dreambooth(r, d -> {
                                d.classPrompts = List.of("a photo of a thing");
                                d.classCount = 2;
                                d.classSteps = 2;
                            });
                            r.lora = LoraConfig.DEFAULT
                                    .withRank(2, 2)
                                    .withTargets(List.of("to_q", "to_v", "conv1", "ff.net.2"))
                                    .withTextTargets(List.of("q_proj", "fc1"));
                        }),
                        ClipRunTest.recipe())
                .map(recipe -> Named.of(recipe.name(), recipe));
    }

    private static Recipe pixels(double dropout) {
        return Recipe.DEFAULT.with(r -> {
            r.name = "classes, dropout " + dropout;
            r.model.config = Map.of(
                    "layers_per_block",
                    1L,
                    "norm_num_groups",
                    4L,
                    "dropout",
                    dropout,
                    "block_out_channels",
                    List.of(8L, 16L),
                    "attention_head_dim",
                    8L,
                    "num_class_embeds",
                    6L,
                    "down_block_types",
                    List.of("DownBlock2D", "AttnDownBlock2D"),
                    "up_block_types",
                    List.of("AttnUpBlock2D", "UpBlock2D"));
            r.data.source = "shapes:test";
            r.data.imageSize = 16;
            r.data.limit = 40;
            r.data.validationShare = 0.2;
            r.validation = new ValidationConfig(1, 8, null);
            r.samples.count = 1;
            r.samples.steps = 2;
        });
    }

    /** Of the first update. */
    private double loss(Recipe recipe, String device) {
        Recipe small = recipe.with(r -> {
            r.data.limit = Math.min(r.data.limit, 40);
            r.training.device = device;
            r.training.dtype = Precision.F32;
            r.training.batchSize = 4;
            r.training.maxSteps = 2;
            r.training.epochs = 2;
            r.training.clipGradNorm = null; // its norm would ask for all gradients
        });
        Path run = folder.resolve(device.substring(0, 3));
        assertThat(TrainingRun.start(small, run)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
        List<Map<String, @Nullable Object>> lines = JsonlTracker.read(run.resolve("metrics.jsonl"));
        return (Double) lines.get(0).get("loss");
    }

    private void compare(Recipe recipe, double tolerance) {
        double onCard = loss(recipe, "cuda:0");
        boolean drops = recipe.name().endsWith("0.5"); // the processor draws it for two halves of the batch
        assertThat(onCard).isCloseTo(loss(recipe, "cpu"), within(drops ? 1 : tolerance));
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void a_run_on_a_card_makes_no_tensor_elsewhere(Recipe recipe) {
        try (FakeCard card = FakeCard.insert()) {
            compare(recipe, 1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("recipes")
    @Tag("cuda")
    void a_real_card_runs_it_too(Recipe recipe) {
        Assumptions.assumeTrue(Devices.hasCuda(), "LibTorch sees no CUDA card here");
        compare(recipe, 1e-2);
    }
}
