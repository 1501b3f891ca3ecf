// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraView.Use;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Views of one network with adapters of peft's, against what peft draws (oracle/golden_lora.py). */
class LoraViewTest {
    private static DiffusionModel network() {
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size",
                8L,
                "layers_per_block",
                1L,
                "block_out_channels",
                List.of(16L, 32L),
                "norm_num_groups",
                8L,
                "down_block_types",
                List.of("DownBlock2D", "AttnDownBlock2D"),
                "up_block_types",
                List.of("AttnUpBlock2D", "UpBlock2D")));
        try (RandomStream random = new RandomStream(7)) {
            model.initialize(random);
        }
        return model;
    }

    private static DiffusionModel frozen() {
        DiffusionModel model = network();
        model.channelsLast(true);
        model.freeze();
        return model;
    }

    private static LoraAdapter adapter(String name) {
        return LoraAdapter.read(Golden.path("lora/" + name));
    }

    private static Map<LoraComponent, DiffusionModel> unet(DiffusionModel model) {
        return Map.of(LoraComponent.UNET, model);
    }

    private static float[] output(DiffusionModel model) {
        return TensorScope.compute(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Golden golden = Golden.open("lora/expected")) {
                Tensor sample = golden.tensor("sample")
                        .to(Tensors.type(
                                model.namedParameters().values().iterator().next()));
                return Tensors.floats(model.forward(sample, Tensors.ofDoubles(3, 977), Conditioning.NONE));
            }
        });
    }

    private static float[] expected(String name) {
        try (Golden golden = Golden.open("lora/expected")) {
            return TensorScope.compute(() -> golden.floats(name));
        }
    }

    private static String sha256(DiffusionModel model) {
        return TensorScope.compute(() -> {
            MessageDigest digest = digest();
            model.snapshot()
                    .forEach((name, tensor) ->
                            digest.update(Tensors.bytes(tensor.is_mkldnn() ? tensor.to_dense() : tensor.contiguous())));
            return HexFormat.of().formatHex(digest.digest());
        });
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"loha", "lokr", "lokr-both"})
    void a_loha_or_lokr_of_pefts_draws_as_it_does_there(String name) {
        try (LoraAdapter adapter = adapter(name);
                Golden golden = Golden.open("lora/lycoris");
                DiffusionModel base = frozen();
                DiffusionModel merged = network();
                LoraView view = LoraView.of(unet(base), List.of(new Use(adapter, 1)))) {
            float[] expected = TensorScope.compute(() -> golden.floats(name));
            assertClose(name, view.run(() -> output(base)), expected, 1e-5);
            adapter.mergeInto(merged, 1);
            assertClose(name + " merged", output(merged), expected, 1e-5);
        }
    }

    @Test
    void an_adapter_of_pefts_draws_as_it_does_there_within_the_weights_and_beside_them() {
        try (LoraAdapter a = adapter("a");
                LoraAdapter b = adapter("b");
                DiffusionModel base = network();
                DiffusionModel packed = frozen()) {
            Map<String, List<Use>> uses = Map.of(
                    "plain",
                    List.of(),
                    "a",
                    List.of(new Use(a, 1)),
                    "b",
                    List.of(new Use(b, 1)),
                    "both",
                    List.of(new Use(a, 1), new Use(b, 1)));
            uses.forEach((name, choice) -> {
                for (DiffusionModel model : List.of(base, packed)) {
                    try (LoraView view = LoraView.of(unet(model), choice)) {
                        assertClose(name, view.run(() -> output(model)), expected(name), 1e-5);
                    }
                }
                try (DiffusionModel merged = network()) {
                    choice.forEach(use -> use.adapter().mergeInto(merged, use.strength()));
                    assertClose(name + " merged", output(merged), expected(name), 1e-5);
                }
            });
            assertClose("the networks themselves", output(packed), expected("plain"), 1e-5);
        }
    }

    @Test
    void a_view_in_bf16_and_one_with_gradients_add_the_same_products() {
        try (LoraAdapter a = adapter("a");
                DiffusionModel half = network();
                DiffusionModel packed = frozen()) {
            half.convert(Devices.cpu(), ScalarType.BFloat16);
            try (LoraView view = LoraView.of(unet(half), List.of(new Use(a, 1)))) {
                assertClose("bf16", view.run(() -> output(half)), expected("a"), 0.03);
            }
            output(packed); // packs the weights
            try (LoraView view = LoraView.of(unet(packed), List.of(new Use(a, 1)));
                    Golden golden = Golden.open("lora/expected")) {
                TensorScope.run(() -> {
                    Tensor sample = golden.tensor("sample").set_requires_grad(true);
                    Tensor drawn = view.run(() -> packed.forward(sample, Tensors.ofDoubles(3, 977), Conditioning.NONE));
                    assertClose("with gradients", drawn, golden.tensor("a"), 1e-5);
                    drawn.square().mean().backward();
                    assertThat(sample.grad().abs().max().item_float()).isPositive();
                });
            }
        }
    }

    @Test
    void two_threads_with_two_adapters_each_draw_from_one_network_whose_bytes_stay() throws Exception {
        try (LoraAdapter a = adapter("a");
                LoraAdapter b = adapter("b");
                DiffusionModel base = frozen()) {
            List<List<Use>> choices =
                    List.of(List.of(new Use(a, 1), new Use(b, 1)), List.of(new Use(a, -0.5), new Use(b, 0.25)));
            List<float[]> merged = new ArrayList<>();
            for (List<Use> choice : choices) {
                try (DiffusionModel model = network()) {
                    choice.forEach(use -> use.adapter().mergeInto(model, use.strength()));
                    merged.add(output(model));
                }
            }
            assertClose("merged", merged.get(0), expected("both"), 1e-5);
            float[] plain = output(base);
            String bytes = sha256(base);
            ExecutorService threads = Executors.newFixedThreadPool(2);
            try (LoraView first = LoraView.of(unet(base), choices.get(0));
                    LoraView second = LoraView.of(unet(base), choices.get(1))) {
                List<LoraView> views = List.of(first, second);
                drawAtOnce(threads, base, views, merged, 2);
                long handles = Pointer.totalCount();
                drawAtOnce(threads, base, views, merged, 20);
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(handles);
            } finally {
                threads.shutdown();
            }
            assertThat(sha256(base)).isEqualTo(bytes);
            assertThat(output(base)).isEqualTo(plain);
        }
    }

    private static void drawAtOnce(
            ExecutorService threads, DiffusionModel base, List<LoraView> views, List<float[]> merged, int times)
            throws Exception {
        CountDownLatch ready = new CountDownLatch(views.size());
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < views.size(); i++) {
            LoraView view = views.get(i);
            float[] wanted = merged.get(i);
            ends.add(threads.submit(() -> {
                ready.countDown();
                ready.await();
                for (int n = 0; n < times; n++) {
                    assertClose("a view on its thread", view.run(() -> output(base)), wanted, 1e-5);
                }
                return true;
            }));
        }
        for (Future<?> end : ends) {
            end.get();
        }
    }

    @Test
    void an_adapter_may_be_closed_before_its_view_and_a_closed_view_is_refused() {
        drawWhileAllIsClosed(); // what is made once stays
        long before = Pointer.totalCount();
        drawWhileAllIsClosed();
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    private static void drawWhileAllIsClosed() {
        try (DiffusionModel base = network()) {
            LoraAdapter a = adapter("a");
            LoraView view = LoraView.of(unet(base), List.of(new Use(a, 1), new Use(a, 0)));
            a.close();
            assertThat(view.applied()).hasSize(2).allSatisfy(applied -> assertThat(applied.text())
                    .contains("adapter_model.safetensors: applied 28 of 28 keys"));
            float[] drawn = view.run(() -> {
                view.close();
                view.close();
                return output(base);
            });
            assertClose("while its view was closed", drawn, expected("a"), 1e-5);
            assertThatThrownBy(() -> view.run(() -> output(base))).hasMessage("this view is closed");
        }
    }

    /** Written by LoraFolder as it was before adapters became values; drawn.safetensors is what the network of then drew with it. */
    @Test
    void an_adapter_of_an_earlier_version_is_read() {
        Map<String, Object> config = Map.of(
                "sample_size", 8L, "in_channels", 1L, "block_out_channels", List.of(4L, 8L), "time_embed_dim", 8L);
        TensorScope.run(() -> {
            try (DiffusionModel model = (DiffusionModel) ModelKind.CROSS_ATTENTION_UNET.create(config);
                    RandomStream weights = new RandomStream(1);
                    RandomStream noise = new RandomStream(5);
                    LoraAdapter adapter = adapter("written-before");
                    Safetensors drawn = Safetensors.open(Golden.path("lora/written-before/drawn.safetensors"));
                    NoGradGuard guard = new NoGradGuard()) {
                model.initialize(weights);
                assertThat(adapter.mergeInto(model, 1).elsewhere()).isEmpty();
                Tensor output = model.forward(
                        noise.randn(2, 1, 8, 8),
                        Tensors.ofDoubles(9, 500),
                        Conditioning.ofClasses(Tensors.ofLongs(3, 7)));
                assertClose("drawn", output, drawn.read("drawn"), 1e-5);
            }
        });
    }
}
