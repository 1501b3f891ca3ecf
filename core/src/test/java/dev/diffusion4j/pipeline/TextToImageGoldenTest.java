// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole calls of diffusers' pipelines on tiny networks whose text matters: oracle/golden_text_calls.py. */
class TextToImageGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    @TempDir
    Path folder;

    record Case(Map<String, @Nullable Object> call) {
        @Override
        public String toString() {
            return text("name");
        }

        String text(String key) {
            return (String) Objects.requireNonNull(call.get(key), key);
        }

        int number(String key) {
            return ((Long) Objects.requireNonNull(call.get(key), key)).intValue();
        }

        @SuppressWarnings("unchecked")
        List<String> texts(String key) {
            return (List<String>) Objects.requireNonNull(call.get(key), key);
        }
    }

    static Stream<Case> calls() throws IOException {
        String text = Files.readString(Golden.path("text_calls.json"));
        List<?> cases = (List<?>) Objects.requireNonNull(
                Json.parseObject("{\"all\": " + text + "}", "text_calls.json").get("all"));
        return cases.stream().map(each -> new Case(Json.object(each)));
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_and_pictures_of_diffusers(Case test) {
        try (Golden golden = Golden.open("text_calls");
                DiffusionPipeline loaded = DiffusionPipeline.load(Golden.path(test.text("pipeline")))) {
            DiffusionPipeline pipeline = scheduled(loaded, test);
            TensorScope.run(() -> {
                try (GenerationResult drawn = pipeline.generate(GenerationRequest.of(r -> fill(r, test, golden)))) {
                    String name = test.text("name");
                    assertClose("latents", drawn.samples(), golden.tensor(name + ".latents"), RELATIVE);
                    if (golden.has(name + ".pictures")) {
                        Tensor pictures = pipeline.codec().decode(drawn.samples());
                        assertClose("pictures", pictures, golden.tensor(name + ".pictures"), RELATIVE);
                    }
                }
            });
        }
    }

    private static DiffusionPipeline scheduled(DiffusionPipeline loaded, Case test) {
        if (test.call().get("scheduler") == null) {
            return loaded;
        }
        String wanted = test.text("scheduler").replace('_', '-').replace("dpmsolver", "dpm");
        SchedulerKind kind = Arrays.stream(SchedulerKind.values())
                .filter(each -> each.key().equals(wanted))
                .findFirst()
                .orElseThrow();
        return loaded.withScheduler(kind.create(Json.object(test.call().get("config"))));
    }

    private void fill(RequestDraft request, Case test, Golden golden) {
        Map<String, @Nullable Object> call = test.call();
        int count = test.texts("prompts").size();
        request.prompts(test.texts("prompts")).seed(test.number("seed")).steps(test.number("num_inference_steps"));
        if (call.containsKey("guidance_scale")) {
            request.guidanceScale((Double) Objects.requireNonNull(call.get("guidance_scale")));
        }
        if (call.containsKey("guidance_rescale")) {
            double rescale = (Double) Objects.requireNonNull(call.get("guidance_rescale"));
            request.guidance(dev.diffusion4j.guidance.ClassifierFree.of(7.5).withRescale(rescale));
        }
        if (call.containsKey("negative_prompt")) {
            request.negativePrompts(Collections.nCopies(count, test.text("negative_prompt")));
        }
        if (call.containsKey("prompt_2")) {
            request.prompts2(test.texts("prompt_2"));
        }
        if (call.containsKey("eta")) {
            request.eta((Double) Objects.requireNonNull(call.get("eta")));
        }
        if (call.containsKey("height")) {
            request.size(new SampleSize(test.number("height"), test.number("width")));
        }
        if (call.containsKey("picture")) {
            request.picture(png(golden, test.text("picture"))).strength((Double) call.get("strength"));
            request.mask(Boolean.TRUE.equals(call.get("masked")) ? png(golden, "mask") : null);
        }
    }

    /** A picture of levels, (H, W) or (H, W, 3), as a file. */
    private String png(Golden golden, String name) {
        Tensor levels = golden.tensor(name);
        int height = (int) levels.size(0);
        int width = (int) levels.size(1);
        boolean grey = levels.dim() == 2;
        float[] values = Tensors.floats(levels.to(ScalarType.Float));
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int rgb = 0;
            for (int c = 0; c < 3; c++) {
                rgb = rgb << 8 | (int) values[grey ? i : 3 * i + c];
            }
            image.setRGB(i % width, i / width, rgb);
        }
        try {
            Path file = folder.resolve(name + ".png");
            ImageIO.write(image, "png", file.toFile());
            return file.toString();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
