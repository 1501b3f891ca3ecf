// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole calls of diffusers' pipelines on tiny networks whose text matters: oracle/golden_text_calls.py. */
class TextToImageGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    @TempDir
    Path folder;

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("text_calls");
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_and_pictures_of_diffusers(GoldenCall test) {
        try (Golden golden = Golden.open("text_calls");
                DiffusionPipeline loaded = DiffusionPipeline.load(Golden.path(test.text("pipeline")))) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
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

    private void fill(RequestDraft request, GoldenCall test, Golden golden) {
        test.fill(request);
        if (test.has("picture")) {
            request.picture(GoldenCall.png(golden, test.text("picture"), folder));
            boolean masked = Boolean.TRUE.equals(test.call().get("masked"));
            request.mask(masked ? GoldenCall.png(golden, "mask", folder) : null);
        }
    }
}
