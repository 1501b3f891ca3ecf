// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.model.classifier.ConvClassifierConfig;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Samples that are pushed by what a network or a picture says: a tiny CLIP with random weights, a classifier, a mask. */
class NetworkSteeringTest {
    private static final Path QUICK = Golden.path("clip/quick/config.json").getParent();
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(20).count(2).seed(5));

    private static DiffusionPipeline loaded;
    private static DiffusionPipeline pipeline;

    private final List<String> notices = new ArrayList<>();
    private final GuideKit kit = new GuideKit(new Clip.Origin(QUICK, null), notices::add);

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        loaded = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
        pipeline = loaded.withScheduler(SchedulerKind.DDIM);
    }

    @AfterAll
    static void closePipeline() {
        pipeline.close();
        loaded.close();
    }

    @AfterEach
    void closeKit() {
        kit.close();
    }

    /** The mean of {@code measure} over the pictures that are drawn so. */
    private double drawn(GuidanceLoss measure, LossTrace trace, String... guides) {
        try (DiffusionPipeline steered = pipeline.steeredBy(kit.parseAll(List.of(guides)));
                GenerationResult result = steered.generate(REQUEST, trace, new Cancellation())) {
            return TensorScope.compute(() -> {
                Tensor pictures = pipeline.scheduler().sampleRange().toUnit(result.samples());
                return measure.perImage(pictures).mean().item_double();
            });
        }
    }

    private double drawn(GuidanceLoss measure, String... guides) {
        return drawn(measure, new LossTrace(), guides);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ",gradient=exact",
                ",schedule=sqrt_alphas_cumprod,range=source",
                ",schedule=sqrt_alphas_cumprod_by_index,strength=source,cuts=2"
            })
    void a_text_pulls_pictures_towards_it(String options) {
        double scale = options.contains("strength=source") ? 20 : 800;
        String guide = "clip=bla cad:" + scale + options;
        String still = "clip=bla cad:1e-9" + options; // the same cuts, and no push
        GuidanceLoss far = kit.parse(guide).loss();
        LossTrace trace = new LossTrace();
        LossTrace stillTrace = new LossTrace();
        double guided = drawn(far, trace, guide);
        assertThat(guided).isLessThan(drawn(far, stillTrace, still) - 0.01);
        List<Double> losses = new ArrayList<>(trace.values().get(guide).values());
        List<Double> stillLosses =
                new ArrayList<>(stillTrace.values().get(still).values());
        assertThat(losses).hasSize(20);
        if (!options.contains("sqrt_alphas_cumprod,")) { // which pushes late, so that few cuts see it
            assertThat(mean(losses, 15) / scale).isLessThan(mean(stillLosses, 15) / 1e-9 - 0.005);
        }
        if (options.isEmpty()) {
            assertThat(mean(losses, 15)).isLessThan(mean(losses, 0));
        }
    }

    private static double mean(List<Double> losses, int from) {
        return losses.subList(from, from + 5).stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElseThrow();
    }

    @Test
    void clip_and_colour_work_in_one_run_and_free_what_they_took() {
        String clip = "clip=bla cad:800";
        GuidanceLoss far = kit.parse(clip).loss();
        GuidanceLoss bright = kit.parse("brightness=1:1").loss();
        drawn(far, clip, "color=#FFFFFF:40"); // whatever is made once
        long before = Pointer.totalCount();
        LossTrace trace = new LossTrace();
        double both = drawn(far, trace, clip, "color=#FFFFFF:100");
        assertThat(trace.values()).hasSize(2);
        assertThat(both).isLessThan(drawn(far));
        assertThat(drawn(bright, clip, "color=#FFFFFF:100")).isLessThan(drawn(bright, clip));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before + 20); // the targets of the kit's guides
    }

    @Test
    void a_classifier_pulls_towards_its_class() {
        ConvClassifierConfig config = Records.with(
                ConvClassifierConfig.DEFAULT,
                Map.of(
                        "sample_size",
                        SampleSize.square(12).toJson(),
                        "num_classes",
                        4L,
                        "widths",
                        List.of(4L),
                        "hidden",
                        8L,
                        "dropout",
                        0.0));
        try (ConvClassifier network = new ConvClassifier(config);
                RandomStream random = new RandomStream(3)) {
            network.initialize(random);
            PipelineFolder.write(folder, network, null);
            PipelineFolder.write(folder.resolve("run/model"), network, null);
        }
        kit.parse("classifier=" + folder.resolve("run") + "@3:5");
        String guide = "classifier=" + folder + "@2:400";
        GuidanceLoss far = kit.parse(guide).loss();
        assertThat(drawn(far, guide)).isLessThan(drawn(far) - 0.02);
        refused("classifier=" + folder + "@4:5", "must lie in [0, 3]");
        refused("classifier=" + folder + ":5", "names no class");
        refused("classifier=" + Golden.path("tiny-pipeline") + "@1:5", "a classifier was expected");
        refused("classifier=nowhere@1:5", "there is no folder nowhere");
    }

    @Test
    void a_mask_keeps_its_region() throws IOException {
        BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_ARGB);
        Graphics2D pen = picture.createGraphics();
        pen.setColor(new Color(200, 200, 200));
        pen.fillRect(0, 0, 16, 8);
        pen.dispose();
        ImageIO.write(picture, "png", folder.resolve("top.png").toFile());
        BufferedImage grey = new BufferedImage(32, 32, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster()
                .setPixels(
                        0,
                        0,
                        32,
                        16,
                        java.util.Collections.nCopies(32 * 16, 200).stream()
                                .mapToInt(i -> i)
                                .toArray());
        ImageIO.write(grey, "png", folder.resolve("grey.png").toFile());
        BufferedImage mask = new BufferedImage(32, 32, BufferedImage.TYPE_BYTE_GRAY);
        mask.getRaster()
                .setPixels(
                        0,
                        0,
                        32,
                        16,
                        java.util.Collections.nCopies(32 * 16, 255).stream()
                                .mapToInt(i -> i)
                                .toArray());
        ImageIO.write(mask, "png", folder.resolve("mask.png").toFile());
        String alpha = "mask=" + folder.resolve("top.png") + ":60";
        String pair = "mask=" + folder.resolve("grey.png") + "@" + folder.resolve("mask.png") + ":60";
        GuidanceLoss far = kit.parse(alpha).loss();
        double plain = drawn(far);
        assertThat(drawn(far, alpha)).isLessThan(plain / 2);
        assertThat(drawn(far, pair)).isLessThan(plain / 2);
        refused("mask=" + folder.resolve("grey.png") + ":60", "has no transparency");
        refused("mask=" + folder.resolve("top.png") + "@" + folder.resolve("mask.png") + ":60", "must be of one size");
        Files.writeString(folder.resolve("text.png"), "no picture");
        refused("mask=" + folder.resolve("text.png") + ":60", "is no picture that can be read");
    }

    @Test
    void words_that_need_a_clip_are_understood_or_refused_in_one_line() throws IOException {
        LossGuidance guidance = kit.parse("clip=bla, at 5:30, cuts=9:8,cuts=7,range=source");
        assertThat(guidance.scale()).isEqualTo(8);
        assertThat(guidance.repeats()).isEqualTo(7);
        assertThat(guidance.name()).startsWith("clip=bla, at 5:30, cuts=9:8");
        kit.parse("clip=" + "bla ".repeat(9) + ":8");
        assertThat(notices).hasSize(2).last().asString().contains("is 2 tokens longer than the 7");
        ImageIO.write(
                new BufferedImage(20, 30, BufferedImage.TYPE_BYTE_GRAY),
                "png",
                folder.resolve("a@b,c.png").toFile());
        assertThat(kit.parse("clip-image=" + folder.resolve("a@b,c.png") + ":8").repeats())
                .isEqualTo(4);
        refused("clip=:8", "does not say what the pictures are to show");
        refused("clip= :8", "does not say what the pictures are to show");
        refused("clip=bla:8,cuts=0", "cuts must lie in");
        refused("clip=bla:8,range=0-1", "must be unit or source");
        refused("color=#FFFFFF:8,range=source", "omit range");
        refused("clip-image=nowhere.png:8", "there is no picture nowhere.png");
        try (GuideKit bare = new GuideKit()) {
            assertThatThrownBy(() -> bare.parse("clip=bla:8"))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("name its folder by clipModel");
        }
    }

    private void refused(String guide, String why) {
        assertThatThrownBy(() -> kit.parse(guide))
                .isInstanceOfAny(Problem.class, IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
