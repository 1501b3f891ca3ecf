// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tracking.JsonlTracker;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes of the lesson on continuous noise, tiny, on painted shapes. */
class ValidationTest {
    @TempDir
    static Path folder;

    private static List<String> small(String... more) {
        List<String> all = new ArrayList<>(List.of(
                "data.source=shapes:test",
                "data.image_size=16",
                "data.limit=100",
                "training.batch_size=16",
                "training.dtype=f32"));
        all.addAll(List.of(more));
        return all;
    }

    private static Recipe flowers(String... more) {
        List<String> all = small(
                "model.config.block_out_channels=[8, 12]",
                "model.config.embedding_dim=8",
                "data.repeat=1",
                "training.epochs=2",
                "samples.steps=3",
                "validation.kid.block=8",
                "validation.kid.steps=2",
                "validation.kid.extractor='" + folder.resolve("ruler/model") + "'");
        all.addAll(List.of(more));
        return Recipes.load("flowers-continuous", all);
    }

    @BeforeAll
    static void train_the_ruler() {
        Recipe recipe = Recipes.load(
                "flower-classifier", small("model.config.widths=[4, 8]", "model.config.hidden=8", "training.epochs=1"));
        TrainingRun.start(recipe, folder.resolve("ruler")).run(new RunListener() {}, () -> false);
        assertThat(last(folder.resolve("ruler"))).containsKeys("val_loss", "val_accuracy");
    }

    private static Map<String, @Nullable Object> last(Path run) {
        List<Map<String, @Nullable Object>> lines = JsonlTracker.read(run.resolve("metrics.jsonl"));
        return lines.get(lines.size() - 1);
    }

    /** All but what tells of time. */
    private static List<Map<String, @Nullable Object>> figures(Path run) {
        List<Map<String, @Nullable Object>> lines = JsonlTracker.read(run.resolve("metrics.jsonl"));
        lines.forEach(line -> line.remove("images_per_second"));
        return lines;
    }

    /** Both measure all held-back pictures and draw all others between them: a part left out, or counted twice, is far more than rounding. */
    @Test
    void two_processes_measure_what_one_measures() {
        Path one = folder.resolve("alone");
        TrainingRun.start(flowers("training.epochs=1"), one).run(new RunListener() {}, () -> false);
        Path two = folder.resolve("two");
        GroupOfThreads.run(2, group -> TrainingRun.start(
                        flowers("training.epochs=1", "training.batch_size=8"), two, RunParts.NONE.withGroup(group))
                .run(new RunListener() {}, () -> false));
        for (String key : List.of("val_loss", "val_image_loss", "val_kid", "val_kid_stderr")) {
            double alone = (Double) last(one).get(key);
            assertThat((Double) last(two).get(key)).as(key).isCloseTo(alone, within(1e-4 * Math.max(1, alone)));
        }
    }

    @Test
    void a_run_leaves_what_the_lesson_leaves_and_ends_the_same_when_stopped() throws IOException {
        Path whole = folder.resolve("whole");
        TrainingRun.start(flowers(), whole).run(new RunListener() {}, () -> false);
        assertThat(whole.resolve("imgs/0epochs.png")).exists();
        assertThat(whole.resolve("imgs/1epochs.png")).exists();
        assertThat(last(whole)).containsOnlyKeys("step", "val_loss", "val_image_loss", "val_kid", "val_kid_stderr");
        assertThat(figures(whole).get(4)).containsKeys("epoch_mean_loss", "epoch_mean_image_loss");
        for (String name : List.of("n_loss", "i_loss", "val_n_loss", "val_i_loss", "val_kid")) {
            byte[] array = Files.readAllBytes(whole.resolve("history/" + name + ".npy"));
            assertThat(new String(array, 1, 5, StandardCharsets.US_ASCII)).isEqualTo("NUMPY");
            assertThat(array).hasSize(128 + 2 * Double.BYTES);
        }
        assertThat(Json.readObject(whole.resolve("validation.json")))
                .containsEntry("held_back", 20L)
                .containsEntry("drawn", 20L)
                .containsKeys("weights_sha256", "resize", "seed", "kid_of_training_pictures");
        BufferedImage end = ImageIO.read(whole.resolve("imgs/final.png").toFile());
        assertThat(end.getWidth()).isEqualTo(3 * 18 + 2);
        assertThat(difference(end, redrawn(whole.resolve("model")))).isLessThanOrEqualTo(1);
        assertThat(difference(end, redrawn(whole.resolve("model-live")))).isGreaterThan(1);

        Path parts = folder.resolve("parts");
        StopWithin stop = new StopWithin(5); // the last step of the first epoch: while it is measured
        assertThat(TrainingRun.start(flowers(), parts).run(stop, stop::asked).finished())
                .isFalse();
        assertThat(last(parts)).doesNotContainKey("val_loss");
        TrainingRun.resume(parts, false).run(new RunListener() {}, () -> false);
        assertThat(figures(parts)).isEqualTo(figures(whole));
        for (String file :
                List.of("imgs/0epochs.png", "imgs/final.png", "model/unet/diffusion_pytorch_model.safetensors")) {
            assertThat(Files.mismatch(whole.resolve(file), parts.resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    private static final class StopWithin implements RunListener {
        private final long step;
        private boolean reached;

        StopWithin(long step) {
            this.step = step;
        }

        @Override
        public void onStep(RunProgress progress) {
            reached |= progress.step() == step;
        }

        boolean asked() {
            return reached;
        }
    }

    private static BufferedImage redrawn(Path model) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model);
                GenerationResult result = pipeline.generate(
                        GenerationRequest.of(r -> r.count(9).seed(0).steps(3)))) {
            return ImageGrid.of(result.images(), 3);
        }
    }

    private static int difference(BufferedImage a, BufferedImage b) {
        int most = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                for (int shift : new int[] {0, 8, 16}) {
                    most = Math.max(
                            most, Math.abs((a.getRGB(x, y) >> shift & 0xff) - (b.getRGB(x, y) >> shift & 0xff)));
                }
            }
        }
        return most;
    }

    @Test
    void what_cannot_be_measured_is_said_in_a_line() {
        assertThatThrownBy(() -> TrainingRun.start(flowers("validation.kid.block=64"), folder.resolve("few"))
                        .run(new RunListener() {}, () -> false))
                .hasMessageContaining("blocks of 64")
                .hasMessageContaining("20 held back");
        assertThatThrownBy(() -> TrainingRun.start(flowers("data.validation_share=0"), folder.resolve("none"))
                        .run(new RunListener() {}, () -> false))
                .hasMessageContaining("data.validation_share is 0");
        assertThatThrownBy(() -> TrainingRun.start(flowers("scheduler.kind=ddim"), folder.resolve("ddim")))
                .hasMessageContaining("continuous-cosine");
        Recipe without = TrainingRun.start(flowers("validation.kid.extractor=nowhere"), folder.resolve("without"))
                .recipe();
        assertThat(without.validation()).isEqualTo(ValidationConfig.DEFAULT);
    }
}
