// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PictureUseTest {
    @TempDir
    Path folder;

    private String picture = "";

    @BeforeEach
    void writePicture() throws IOException {
        Path file = folder.resolve("picture.png");
        ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
        picture = file.toString();
    }

    private DiffusionPipeline load(String net) {
        return DiffusionPipeline.load(TinyFolder.of("tiny-sd", net, folder.resolve(net)));
    }

    private static void refused(DiffusionPipeline pipeline, Consumer<RequestDraft> edit, String... words) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompt("a red cat").steps(2)).with(edit);
        assertThatThrownBy(() -> pipeline.check(request))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void a_network_that_fills_a_region_asks_for_picture_and_mask() {
        try (DiffusionPipeline pipeline = load("inpaint")) {
            refused(pipeline, r -> {}, "fills a region", "picture", "mask");
            refused(pipeline, r -> r.picture(picture), "fills a region", "picture", "mask");
        }
    }

    @Test
    void a_network_that_changes_pictures_asks_for_one_and_for_no_mask_or_strength() {
        try (DiffusionPipeline pipeline = load("instruct")) {
            refused(pipeline, r -> {}, "changes a picture", "give picture");
            refused(pipeline, r -> r.picture(picture).mask(picture), "omit mask");
            refused(pipeline, r -> r.picture(picture).strength(0.5), "omit strength");
            assertThat(pipeline.defaultSteps()).isEqualTo(100);
        }
    }

    @Test
    void a_control_network_of_another_base_is_refused_before_anything_is_drawn() {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-xl"))) {
            String net = TinyFolder.net("control").toString();
            refused(
                    pipeline,
                    r -> r.control(List.of(Control.of(net, picture))),
                    "control",
                    "does not fit",
                    "16 features");
            refused(pipeline, r -> r.control(List.of(Control.of(net + "x", picture))), "there is no folder");
            String lcm = TinyFolder.net("lcm").toString();
            refused(pipeline, r -> r.control(List.of(Control.of(lcm, picture))), "config.json", "UNet2DConditionModel");
        }
    }

    @Test
    void a_distilled_network_lets_only_the_scale_of_its_guidance_be_chosen() {
        try (DiffusionPipeline pipeline = load("lcm")) {
            refused(pipeline, r -> r.negativePrompt("a dog"), "distilled", "negativePrompt");
            refused(pipeline, r -> r.guidance(ClassifierFree.of(3).withRescale(0.5)), "distilled", "guidanceRescale");
            refused(pipeline, r -> r.guidance(ClassifierFree.of(3).during(0, 0.5)), "distilled", "guidanceInterval");
            refused(pipeline, r -> r.picture(picture).imageGuidanceScale(2.0), "omit", "imageGuidanceScale");
            assertThat(pipeline.defaultSteps()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SchedulerKind.class,
            names = {"LCM", "TCD"})
    void a_distilled_network_spreads_all_steps_over_what_strength_leaves(SchedulerKind kind) {
        List<Double> timesteps = new ArrayList<>();
        try (DiffusionPipeline loaded = load("lcm")) {
            GenerationRequest request = GenerationRequest.of(
                    r -> r.prompt("a red cat").picture(picture).strength(0.5).steps(3));
            StepListener listener = step -> timesteps.add(step.timestep());
            loaded.withScheduler(kind)
                    .generate(request, listener, new Cancellation())
                    .close();
        }
        // set_timesteps(3, strength=0.5) of diffusers: of 50 · 0.5 steps of the distillation, every 25 / 3
        assertThat(timesteps).containsExactly(499.0, 339.0, 179.0);
    }

    @Test
    void a_region_around_a_mask_needs_white_and_a_mask_of_the_pictures_size() throws IOException {
        String wide = folder.resolve("wide.png").toString();
        ImageIO.write(
                new BufferedImage(24, 16, BufferedImage.TYPE_INT_RGB),
                "png",
                Path.of(wide).toFile());
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-sd"))) {
            refused(pipeline, r -> r.picture(picture).mask(picture).maskPadding(4), "mask", "black everywhere");
            refused(pipeline, r -> r.picture(picture).mask(wide).maskPadding(4), "24x16", "16x16", "same size");
        }
        assertThatThrownBy(() -> GenerationRequest.of(r -> r.picture(picture).maskPadding(4)))
                .hasMessageContaining("give mask too");
        assertThatThrownBy(() -> GenerationRequest.of(
                        r -> r.picture(picture).mask(picture).maskPadding(-1)))
                .hasMessageContaining("maskPadding must be at least 0, but was -1");
    }
}
