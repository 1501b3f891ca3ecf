// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be trained is refused in one line before the run's folder is there. */
class RefusedRunTest {
    private static final Map<String, Object> TINY = Map.of(
            "block_out_channels", List.of(8, 8),
            "norm_num_groups", 4,
            "layers_per_block", 1,
            "down_block_types", List.of("DownBlock2D", "DownBlock2D"),
            "up_block_types", List.of("UpBlock2D", "UpBlock2D"));

    @TempDir
    Path folder;

    /** Two classes, and one picture of neither: {@code datasets} writes −1 where there is no class. */
    private static final class OneUnlabelled implements Dataset {
        @Override
        public String description() {
            return "spots";
        }

        @Override
        public int size() {
            return 12;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public int naturalSize() {
            return 8;
        }

        @Override
        public List<String> classNames() {
            return List.of("black", "white");
        }

        @Override
        public Example example(int index) {
            return new Example(new PixelImage(8, 8, 1, new byte[64]), index == 7 ? -1 : index % 2, null);
        }

        @Override
        public String fingerprint() {
            return "spots";
        }
    }

    private void refused(Recipe recipe, String... said) {
        Path run = folder.resolve("run");
        assertThatThrownBy(() -> TrainingRun.start(recipe, run, OneUnlabelled::new))
                .isInstanceOf(Problem.class)
                .satisfies(error -> assertThat(error.getMessage()).contains(said));
        assertThat(run).doesNotExist();
    }

    private static Recipe denoiser(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(TINY);
        config.putAll(more);
        return Recipe.DEFAULT.with(recipe -> {
            recipe.model.config = config;
            recipe.samples.count = 0;
        });
    }

    @Test
    void a_picture_without_a_class_cannot_be_learnt_by_a_network_with_classes() {
        String[] said = {"spots: picture 7 has no class (-1 or null)", "0 to 1"};
        refused(denoiser(Map.of()).with(recipe -> recipe.model.classConditional = true), said);
        refused(
                Recipe.DEFAULT.with(recipe -> {
                    recipe.model.kind = "ConvClassifier";
                    recipe.model.config = Map.of("widths", List.of(4));
                }),
                said);
    }

    @Test
    void nor_by_the_lora_of_one() {
        Path base = folder.resolve("base");
        try (DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(config(Map.of("num_class_embeds", 2L)))) {
            PipelineFolder.write(base, model, SchedulerKind.DDPM.create(Map.of()));
        }
        refused(
                Recipe.of(
                        Map.of(
                                "model", Map.of("from", base.toString()),
                                "lora", Map.of("rank", 2),
                                "samples", Map.of("count", 0)),
                        "test"),
                "spots: picture 7 has no class (-1 or null)");
    }

    private static Map<String, Object> config(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(TINY);
        all.putAll(Map.of("sample_size", 8, "in_channels", 1, "out_channels", 1));
        all.putAll(more);
        return all;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | 3 | DownBlock2D     | takes samples of 1 channel and predicts 3",
                "1 | 2 | DownBlock2D     | a variance is not learnt",
                "1 | 1 | SkipDownBlock2D | its SkipDownBlock2D need in_channels 3, but it is 1"
            })
    void channels_that_cannot_be_learnt_are_named(long in, long out, String block, String said) {
        refused(
                denoiser(Map.of("in_channels", in, "out_channels", out, "down_block_types", List.of(block, block))),
                said);
    }

    /** The same networks are refused before anything is drawn; the expected lines stand for LibTorch's own words. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | 3 | DownBlock2D     | ddpm | fixed_small   | draws only with networks that predict as many",
                "3 | 6 | DownBlock2D     | ddim |               | it predicts a variance too, and scheduler 'ddim'",
                "3 | 3 | DownBlock2D     | ddpm | learned_range | with a learned variance needs 6 predicted channels",
                "1 | 1 | SkipDownBlock2D | ddpm | fixed_small   | its SkipDownBlock2D need in_channels 3, but it is 1"
            })
    void nor_can_they_be_drawn_with(long in, long out, String block, String scheduler, String variance, String said) {
        Map<String, Object> config =
                config(Map.of("in_channels", in, "out_channels", out, "down_block_types", List.of(block, block)));
        Map<String, Object> settings = variance == null ? Map.of() : Map.of("variance_type", variance);
        try (DiffusionPipeline pipeline = DiffusionPipeline.of(
                (DiffusionModel) ModelKind.UNET_2D.create(config),
                SchedulerKind.valueOf(scheduler.toUpperCase(Locale.ROOT)).create(settings))) {
            assertThatThrownBy(() -> pipeline.check(GenerationRequest.DEFAULT.with(r -> r.steps(2))))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining(said);
        }
    }
}
