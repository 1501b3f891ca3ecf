// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.condition.TimeIds;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request leaves open is what the signature of diffusers' call says: oracle/golden_call_defaults.py. */
class CallDefaultsTest {
    private static final Map<String, @Nullable Object> CALLS = Json.readObject(Golden.path("call_defaults.json"));

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} with {2}")
    @CsvSource({
        "StableDiffusionPipeline,                    tiny-sd, ,           ",
        "StableDiffusionImg2ImgPipeline,             tiny-sd, ,           picture",
        "StableDiffusionInpaintPipeline,             tiny-sd, ,           picture mask",
        "StableDiffusionInpaintPipeline,             tiny-sd, inpaint,    picture mask",
        "StableDiffusionXLPipeline,                  tiny-xl, ,           ",
        "StableDiffusionXLImg2ImgPipeline,           tiny-xl, ,           picture",
        "StableDiffusionXLInpaintPipeline,           tiny-xl, ,           picture mask",
        "StableDiffusionXLInpaintPipeline,           tiny-xl, xl-inpaint, picture mask",
        "StableDiffusionControlNetPipeline,          tiny-sd, ,           control",
        "StableDiffusionControlNetImg2ImgPipeline,   tiny-sd, ,           picture control",
        "StableDiffusionControlNetInpaintPipeline,   tiny-sd, ,           picture mask control",
        "StableDiffusionXLControlNetPipeline,        tiny-xl, ,           control",
        "StableDiffusionXLControlNetImg2ImgPipeline, tiny-xl, ,           picture control",
        "StableDiffusionXLControlNetInpaintPipeline, tiny-xl, ,           picture mask control",
        "LatentConsistencyModelPipeline,             tiny-sd, lcm,        ",
        "LatentConsistencyModelImg2ImgPipeline,      tiny-sd, lcm,        picture",
        "StableDiffusionInpaintPipeline,             tiny-sd, lcm,        picture mask",
        "StableDiffusionControlNetPipeline,          tiny-sd, lcm,        control",
        "StableDiffusionInstructPix2PixPipeline,     tiny-sd, instruct,   picture",
    })
    void a_call_has_the_defaults_of_diffusers(String call, String base, @Nullable String net, @Nullable String inputs) {
        Path model = net == null ? Golden.path(base) : TinyFolder.of(base, net, folder.resolve("model"));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            assertDefaults(call, pipeline, inputs == null ? "" : inputs);
        }
    }

    @Test
    void a_refiner_has_those_of_stable_diffusion_xl_with_a_picture() {
        try (DiffusionPipeline refiner = DiffusionPipeline.load(TinyFolder.refiner(folder.resolve("refiner")))) {
            assertDefaults("StableDiffusionXLImg2ImgPipeline", refiner, "picture");
        }
    }

    @Test
    void stable_diffusion_xl_that_was_distilled_with_its_guidance_has_no_call_of_its_own() {
        try (DiffusionPipeline lcm = DiffusionPipeline.load(TinyFolder.of("tiny-sd", "lcm", folder.resolve("lcm")));
                DiffusionPipeline xl = DiffusionPipeline.load(Golden.path("tiny-xl"))) {
            DiffusionPipeline both = lcm.withConditioner(xl.setup().conditioner());
            assertDefaults("StableDiffusionXLPipeline", both, "");
            assertDefaults("StableDiffusionXLImg2ImgPipeline", both, "picture");
        }
    }

    private static void assertDefaults(String call, DiffusionPipeline pipeline, String inputs) {
        GenerationRequest asked = GenerationRequest.of(r -> r.prompt("a cat")
                .picture(inputs.contains("picture") ? "picture.png" : null)
                .mask(inputs.contains("mask") ? "mask.png" : null)
                .control(inputs.contains("control") ? List.of(Control.of("net", "lines.png")) : List.of()));
        GenerationRequest filled = pipeline.filled(asked);
        Map<String, Object> own = new LinkedHashMap<>();
        own.put("num_inference_steps", (long) pipeline.defaultSteps(asked));
        own.put("guidance_scale", filled.guidance().weight());
        own.put("strength", filled.inputs().amount());
        own.put("image_guidance_scale", filled.inputs().pictureScale());
        filled.inputs().control().forEach(control -> {
            own.put("controlnet_conditioning_scale", control.weight());
            own.put("control_guidance_start", control.start());
            own.put("control_guidance_end", control.end());
        });
        own.put("guess_mode", filled.inputs().guessMode());
        own.put("guidance_rescale", filled.guidance().rescale());
        own.put("eta", filled.eta());
        TimeIds score = TimeIds.ofScore(new SampleSize(8, 8));
        own.put("aesthetic_score", score.with().get(4));
        own.put("negative_aesthetic_score", score.away().get(4));
        Map<String, @Nullable Object> expected = Json.object(Objects.requireNonNull(CALLS.get(call)));
        assertThat(expected).isNotEmpty();
        expected.forEach((key, value) -> assertThat(own).containsEntry(key, value));
    }
}
