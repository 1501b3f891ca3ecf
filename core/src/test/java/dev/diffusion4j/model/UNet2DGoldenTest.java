// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every variant of UNet2DModel against diffusers: initial weights, names, output, loss and gradients from the same seeds. */
class UNet2DGoldenTest {
    /** f32 sums in another order; seen: 2e-6 for outputs. */
    static final double TOLERANCE = 2e-5;

    static Stream<String> variants() {
        try (Golden golden = Golden.open("unet2d")) {
            return golden.metadata().keySet().stream()
                    .filter(name -> !name.endsWith(".names_sha256"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void equals_diffusers(String variant) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("unet2d");
                    RandomStream initial = new RandomStream(7);
                    RandomStream random = new RandomStream(11);
                    UNet2DModel model = UNet2DModel.fromConfig(golden.json(variant))) {
                model.initialize(initial);
                Map<String, Tensor> state = new TreeMap<>(model.stateDict());
                assertThat(Hashes.sha256(Json.compact(List.copyOf(state.keySet()))))
                        .as("hash of the weight names %s", state.keySet())
                        .isEqualTo(golden.metadata().get(variant + ".names_sha256"));
                float[] sums = new float[state.size()];
                int i = 0;
                for (Tensor tensor : state.values()) {
                    sums[i++] = (float) tensor.to(torch.ScalarType.Double).sum().item_double();
                }
                assertClose("sums of the weights", sums, golden.floats(variant + ".weights"), 1e-6);

                SampleSize size = model.sampleSize().orElseThrow();
                Tensor sample = random.randn(2, model.sampleChannels(), size.height(), size.width());
                Tensor timestep = Tensors.ofDoubles(3, 977);
                Conditioning conditioning = conditioning(golden.json(variant), random);
                try (NoGradGuard guard = new NoGradGuard()) {
                    assertClose(
                            "output",
                            model.forward(sample, timestep, conditioning),
                            golden.tensor(variant + ".out"),
                            TOLERANCE);
                }
                model.requiresGrad(true);
                Tensor target = random.randn(Tensors.shape(golden.tensor(variant + ".out")));
                Tensor loss = torch.mse_loss(model.forward(sample, timestep, conditioning), target);
                loss.backward();
                assertClose("loss", loss, golden.tensor(variant + ".loss"), TOLERANCE);
                assertClose("gradients", gradientNorms(model), golden.floats(variant + ".grad"), 1e-4);

                model.channelsLast(true); // as training has it, with the vector kernels
                model.requiresGrad(true);
                model.namedParameters().values().forEach(tensor -> tensor.mutable_grad()
                        .reset());
                try (BackwardTape tape = BackwardTape.open()) {
                    Tensor last = sample.contiguous(torch.MemoryFormat.ChannelsLast);
                    Tensor again = torch.mse_loss(model.forward(last, timestep, conditioning), target);
                    tape.withSides(again).backward();
                    assertClose("loss with kernels", again, golden.tensor(variant + ".loss"), TOLERANCE);
                }
                assertClose("gradients with kernels", gradientNorms(model), golden.floats(variant + ".grad"), 1e-4);
            }
        });
    }

    private static float[] gradientNorms(UNet2DModel model) {
        Map<String, Tensor> trained = new TreeMap<>(model.namedParameters());
        trained.values().removeIf(tensor -> !tensor.grad().defined());
        float[] norms = new float[trained.size()];
        int i = 0;
        for (Tensor tensor : trained.values()) {
            norms[i++] = (float) tensor.grad().norm().item_double();
        }
        return norms;
    }

    static Conditioning conditioning(Map<String, @Nullable Object> config, RandomStream random) {
        Tensor labels = labels(config, random);
        return labels == null ? Conditioning.NONE : Conditioning.ofClasses(labels);
    }

    private static @Nullable Tensor labels(Map<String, @Nullable Object> config, RandomStream random) {
        if (config.get("num_class_embeds") != null) {
            return Tensors.ofLongs(4, 1);
        }
        Object type = config.get("class_embed_type");
        if ("timestep".equals(type)) {
            return Tensors.ofDoubles(7, 2);
        }
        if ("identity".equals(type)) {
            long first = (long)
                    Objects.requireNonNull(((List<?>) Objects.requireNonNull(config.get("block_out_channels"))).get(0));
            return random.randn(2, 4 * first);
        }
        return null;
    }
}
