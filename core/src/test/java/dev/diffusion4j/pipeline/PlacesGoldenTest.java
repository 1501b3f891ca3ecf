// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.folder.single.Conversion;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks that join a pipeline from places of their own: another autoencoder, control networks; oracle/golden_places.py. */
class PlacesGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    private static final Path SD = Golden.path("tiny-sd");

    @TempDir
    Path folder;

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("places");
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_and_pictures_of_diffusers(GoldenCall test) {
        LoadOptions options = LoadOptions.DEFAULT.withVae(test.has("vae") ? TinyFolder.net(test.text("vae")) : null);
        try (Golden golden = Golden.open("places");
                DiffusionPipeline loaded = DiffusionPipeline.load(SD, options)) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
            TensorScope.run(() -> {
                try (GenerationResult drawn = pipeline.generate(GenerationRequest.of(r -> fill(r, test, golden)))) {
                    String name = test.text("name");
                    assertClose("latents", drawn.samples(), golden.tensor(name + ".latents"), RELATIVE);
                    assertClose("pictures", drawn.decoded(), golden.tensor(name + ".pictures"), RELATIVE);
                }
            });
        }
    }

    private void fill(RequestDraft request, GoldenCall test, Golden golden) {
        test.fill(request);
        if (test.has("image")) {
            request.picture(GoldenCall.png(golden, test.text("image"), folder));
        }
        if (test.has("control")) {
            request.control(((List<?>) Objects.requireNonNull(test.call().get("control")))
                    .stream().map(each -> control(Json.object(each), golden)).toList());
        }
        request.guessMode(test.has("guess_mode"));
    }

    private Control control(Map<String, @Nullable Object> given, Golden golden) {
        String net = TinyFolder.net((String) Objects.requireNonNull(given.get("net")))
                .toString();
        String picture = (String) Objects.requireNonNull(given.get("picture"));
        return Control.of(net, GoldenCall.png(golden, picture, folder))
                .withScale((Double) Objects.requireNonNull(given.get("scale")))
                .during((Double) Objects.requireNonNull(given.get("start")), (Double)
                        Objects.requireNonNull(given.get("end")));
    }

    @Test
    void control_networks_that_are_parts_of_a_pipeline_need_no_place_and_stay_in_copies() {
        List<String> nets = List.of("control", "control-bgr");
        GoldenCall test = calls().filter(call -> call.text("name").equals("shares-of-two"))
                .findFirst()
                .orElseThrow();
        Path own = TinyFolder.controlled("control-two", nets, folder.resolve("own"));
        Path copy = folder.resolve("copy");
        try (Golden golden = Golden.open("places");
                DiffusionPipeline loaded = DiffusionPipeline.load(own)) {
            loaded.save(copy);
            try (DiffusionPipeline again = DiffusionPipeline.load(copy)) {
                TensorScope.run(() -> {
                    GenerationRequest named = GenerationRequest.of(r -> fill(r, test, golden));
                    List<Control> unnamed = named.inputs().control().stream()
                            .map(control -> control.withFolder(""))
                            .toList();
                    try (GenerationResult drawn = test.scheduled(again).generate(named.with(r -> r.control(unnamed)))) {
                        assertClose("latents", drawn.samples(), golden.tensor("shares-of-two.latents"), RELATIVE);
                    }
                    List<Control> three = Stream.concat(
                                    unnamed.stream(), unnamed.stream().limit(1))
                            .toList();
                    assertThatThrownBy(() -> again.check(named.with(r -> r.control(three))))
                            .hasMessageContaining("names no network, and this model has only 2 of its own");
                });
            }
        }
        assertThat(TinyFolder.controlled("control-one", nets.subList(0, 1), folder.resolve("one")))
                .satisfies(one -> DiffusionPipeline.load(one).close());
    }

    @Test
    void an_autoencoder_may_be_a_part_of_another_model_and_must_have_the_latents_of_this_one() {
        try (DiffusionPipeline plain = DiffusionPipeline.load(SD);
                DiffusionPipeline same = DiffusionPipeline.load(SD, LoadOptions.DEFAULT.withVae(SD))) {
            GenerationRequest request =
                    GenerationRequest.of(r -> r.prompt("a cat").steps(2));
            try (GenerationResult one = plain.generate(request);
                    GenerationResult two = same.generate(request)) {
                assertThat(Tensors.floats(one.decoded())).isEqualTo(Tensors.floats(two.decoded()));
            }
        }
        Path file = folder.resolve("model.safetensors");
        new Conversion(SD, file, null, null, Map.of()).run();
        LoadOptions single = LoadOptions.DEFAULT.withConfig(SD).withVae(file);
        try (DiffusionPipeline plain = DiffusionPipeline.load(SD);
                DiffusionPipeline same = DiffusionPipeline.load(SD, single)) {
            assertThat(same.codec().networks().get("vae").config())
                    .isEqualTo(plain.codec().networks().get("vae").config());
        }
        Path wide = TinyFolder.net("vae-wide");
        assertThatThrownBy(() -> DiffusionPipeline.load(SD, LoadOptions.DEFAULT.withVae(wide)))
                .hasMessage("vae " + wide
                        + " does not fit this model: its latents have 8 channels, and the model's samples" + " have 4");
        Path unet = SD.resolve("unet");
        assertThatThrownBy(() -> DiffusionPipeline.load(SD, LoadOptions.DEFAULT.withVae(unet)))
                .hasMessageContaining(
                        "is of the class UNet2DConditionModel, but must be of AutoencoderKL or AutoencoderTiny");
    }
}
