// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
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

/** A call of one of diffusers' pipelines, as a golden file describes it. */
record GoldenCall(Map<String, @Nullable Object> call) {
    /** All of {@code name.json}. */
    static Stream<GoldenCall> all(String name) {
        try {
            String text = Files.readString(Golden.path(name + ".json"));
            List<?> cases = (List<?>) Objects.requireNonNull(
                    Json.parseObject("{\"all\": " + text + "}", name + ".json").get("all"));
            return cases.stream().map(each -> new GoldenCall(Json.object(each)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return text("name");
    }

    boolean has(String key) {
        return call.get(key) != null;
    }

    String text(String key) {
        return (String) Objects.requireNonNull(call.get(key), key);
    }

    int number(String key) {
        return ((Long) Objects.requireNonNull(call.get(key), key)).intValue();
    }

    double value(String key) {
        return (Double) Objects.requireNonNull(call.get(key), key);
    }

    @SuppressWarnings("unchecked")
    List<String> texts(String key) {
        return (List<String>) Objects.requireNonNull(call.get(key), key);
    }

    /** A view with the call's algorithm; the same where it is the folder's own. */
    DiffusionPipeline scheduled(DiffusionPipeline loaded) {
        if (!has("scheduler")) {
            return loaded;
        }
        String wanted = text("scheduler").replace('_', '-').replace("dpmsolver", "dpm");
        SchedulerKind kind = Arrays.stream(SchedulerKind.values())
                .filter(each -> each.key().equals(wanted))
                .findFirst()
                .orElseThrow();
        return loaded.withScheduler(kind.create(Json.object(call.get("config"))));
    }

    /** What the call says of prompts, seed, steps, guidance and size. */
    void fill(RequestDraft request) {
        request.prompts(texts("prompts")).seed(number("seed"));
        if (has("num_inference_steps")) {
            request.steps(number("num_inference_steps"));
        }
        if (has("guidance_scale")) {
            request.guidanceScale(value("guidance_scale"));
        }
        if (has("guidance_rescale")) {
            request.guidance(ClassifierFree.of(7.5).withRescale(value("guidance_rescale")));
        }
        if (has("negative_prompt")) {
            request.negativePrompts(Collections.nCopies(texts("prompts").size(), text("negative_prompt")));
        }
        if (has("prompt_2")) {
            request.prompts2(texts("prompt_2"));
        }
        if (has("eta")) {
            request.eta(value("eta"));
        }
        if (has("strength")) {
            request.strength(value("strength"));
        }
        if (has("height")) {
            request.size(new SampleSize(number("height"), number("width")));
        }
    }

    /** A picture of levels, (H, W) or (H, W, 3), as a file. */
    static String png(Golden golden, String name, Path folder) {
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
            throw new UncheckedIOException(e);
        }
    }
}
