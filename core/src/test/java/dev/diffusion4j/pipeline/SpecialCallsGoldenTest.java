// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole calls of diffusers' pipelines that ask for a network of their own: oracle/golden_special_calls.py. */
class SpecialCallsGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    @TempDir
    Path folder;

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("special_calls");
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_of_diffusers(GoldenCall test) {
        Path model = TinyFolder.of(test.text("base"), test.text("net"), folder.resolve("model"));
        try (Golden golden = Golden.open("special_calls");
                DiffusionPipeline loaded = DiffusionPipeline.load(model)) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
            TensorScope.run(() -> {
                GenerationRequest request = GenerationRequest.of(r -> fill(r, test, golden, pipeline.defaultSteps()));
                try (GenerationResult drawn = pipeline.generate(request)) {
                    String name = test.text("name");
                    assertClose("latents", drawn.samples(), golden.tensor(name + ".latents"), RELATIVE);
                }
            });
        }
    }

    private void fill(RequestDraft request, GoldenCall test, Golden golden, int steps) {
        request.steps(steps);
        test.fill(request);
        if (test.has("image")) {
            request.picture(GoldenCall.png(golden, test.text("image"), folder));
        }
        if (test.has("mask_image")) {
            request.mask(GoldenCall.png(golden, test.text("mask_image"), folder));
        }
        if (test.has("image_guidance_scale")) {
            request.imageGuidanceScale(test.value("image_guidance_scale"));
        }
    }
}
