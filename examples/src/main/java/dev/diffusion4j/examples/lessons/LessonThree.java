// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Lesson 3: guidance without a classifier, and the parts of a Stable Diffusion. */
final class LessonThree {
    private LessonThree() {}

    /** A row for each scale, the same noise in each. */
    static List<BufferedImage> scales(Path model, List<Integer> classes, List<Double> scales) {
        List<BufferedImage> rows = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            for (double scale : scales) {
                GenerationRequest request = GenerationRequest.of(
                        r -> r.classes(classes).guidanceScale(scale).seed(3).steps(20));
                try (GenerationResult drawn = pipeline.generate(request)) {
                    rows.addAll(drawn.images());
                }
            }
        }
        return rows;
    }

    static BufferedImage fromText(Path model, String prompt, double scale) {
        GenerationRequest request = GenerationRequest.of(
                r -> r.prompt(prompt).guidanceScale(scale).seed(3).steps(20));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model);
                GenerationResult drawn = pipeline.generate(request)) {
            return drawn.images().get(0);
        }
    }

    /** A picture as latents, and what comes back. */
    static BufferedImage throughLatents(Path model, BufferedImage picture) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model);
                NoiseSource noise = NoiseSource.shared(0);
                NoGradGuard guard = new NoGradGuard()) {
            SampleCodec codec = pipeline.codec();
            return TensorScope.compute(() -> {
                Tensor latents = codec.encode(Images.toSample(picture, 3), noise);
                System.out.println(latents.size(1) + " × " + latents.size(2) + " × " + latents.size(3));
                return Images.fromSamples(codec.preview(latents), 0, 1).get(0);
            });
        }
    }

    /** Begins with a picture, with the noise of {@code strength} of the steps; a mask says where it may change. */
    static BufferedImage changed(Path model, String prompt, Path picture, double strength, Path mask) {
        GenerationRequest request = GenerationRequest.of(r -> r.prompt(prompt)
                .picture(picture.toString())
                .mask(mask.toString())
                .strength(strength)
                .steps(20));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model);
                GenerationResult drawn = pipeline.generate(request)) {
            return drawn.images().get(0);
        }
    }
}
