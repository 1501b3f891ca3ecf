// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.NoiseDtype;
import dev.diffusion4j.tensor.NoiseGenerator;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole calls of diffusers with noise in half precision and of CUDA generators, and with the tcd scheduler: oracle/golden_noise.py. */
class NoiseCallsGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    @TempDir
    Path folder;

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("noise");
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_draws_each_noise_in_the_format_that_diffusers_draws_it_in(GoldenCall test) {
        try (Golden golden = Golden.open("noise");
                DiffusionPipeline loaded = DiffusionPipeline.load(Golden.path(test.text("pipeline")))) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
            TensorScope.run(() -> {
                try (GenerationResult drawn = pipeline.generate(GenerationRequest.of(r -> fill(r, test, golden)))) {
                    assertClose("latents", drawn.samples(), golden.tensor(test.text("name") + ".latents"), RELATIVE);
                }
            });
        }
    }

    private void fill(RequestDraft request, GoldenCall test, Golden golden) {
        test.fill(request);
        request.noiseDtype(Keyed.fromKey(NoiseDtype.class, test.text("noise_dtype"), "noise_dtype"))
                .rng(NoiseGenerator.parse(test.text("rng")));
        if (test.has("image")) {
            request.picture(GoldenCall.png(golden, test.text("image"), folder));
        }
        if (test.has("mask_image")) {
            request.mask(GoldenCall.png(golden, test.text("mask_image"), folder));
        }
    }
}
