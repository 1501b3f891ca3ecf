// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.layer.TrainingMode;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Low-rank products beside the weights of a network: injected, trained alone, merged, written and read. */
class LoraTest {
    private static final LoraConfig ATTENTION = LoraConfig.DEFAULT.withTargets(List.of("w_q", "w_k", "w_v"));
    private static final LoraConfig ALL =
            LoraConfig.DEFAULT.withTargets(List.of(".*")).withRank(2, 3);

    @TempDir
    Path folder;

    /** Two pictures of 8×8 pixels. */
    private static DiffusionModel tiny(ModelKind kind, long... seed) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("sample_size", 8L);
        config.put("in_channels", 1L);
        if (kind == ModelKind.CROSS_ATTENTION_UNET) {
            config.put("block_out_channels", List.of(4L, 8L));
            config.put("time_embed_dim", 8L);
        } else {
            config.put("out_channels", 1L);
            config.put("layers_per_block", 1L);
            config.put("block_out_channels", List.of(16L, 32L));
            config.put("norm_num_groups", 4L);
            config.put("attention_head_dim", 8L);
            config.put("down_block_types", List.of("DownBlock2D", "AttnDownBlock2D"));
            config.put("up_block_types", List.of("AttnUpBlock2D", "UpBlock2D"));
        }
        DiffusionModel model = (DiffusionModel) kind.create(config);
        try (RandomStream random = new RandomStream(seed.length == 0 ? 1 : seed[0])) {
            model.initialize(random);
        }
        return model;
    }

    private static Tensor output(DiffusionModel model) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return forward(model);
        }
    }

    private static Tensor forward(DiffusionModel model) {
        return TensorScope.keepResult(() -> {
            try (RandomStream random = new RandomStream(5)) {
                Conditioning condition =
                        model.numClasses() > 0 ? Conditioning.ofClasses(Tensors.ofLongs(3, 7)) : Conditioning.NONE;
                return model.forward(random.randn(2, 1, 8, 8), Tensors.ofDoubles(9, 500), condition);
            }
        });
    }

    private static List<String> inject(DiffusionModel model, LoraConfig config) {
        try (RandomStream random = new RandomStream(2)) {
            return Lora.inject(model, config, random);
        }
    }

    /** Puts something into B, as training would. */
    private static void fillUp(DiffusionModel model) {
        try (RandomStream random = new RandomStream(4);
                NoGradGuard guard = new NoGradGuard()) {
            Adaptable.in(model).values().forEach(layer -> layer.lora()
                    .ifPresent(product -> random.normal(product.up(), 0, 0.2)));
        }
    }

    @Test
    void the_lessons_network_gets_27_layers_and_31616_numbers() {
        try (DiffusionModel model = (DiffusionModel) ModelKind.CROSS_ATTENTION_UNET.create(Map.of())) {
            assertThat(inject(model, ATTENTION)).hasSize(27).contains("enc_convs.0.crossattn.w_q");
            assertThat(Lora.weights(model).values().stream()
                            .mapToLong(Tensor::numel)
                            .sum())
                    .isEqualTo(31_616);
            assertThat(Lora.weights(model).entrySet().stream()
                            .filter(entry -> entry.getKey().contains("w_v."))
                            .mapToLong(entry -> entry.getValue().numel())
                            .sum())
                    .isEqualTo(3_456);
        }
    }

    @Test
    void an_injected_network_does_what_it_did_and_merging_changes_nothing_either() {
        for (ModelKind kind : List.of(ModelKind.CROSS_ATTENTION_UNET, ModelKind.UNET_2D)) {
            TensorScope.run(() -> {
                try (DiffusionModel model = tiny(kind)) {
                    Tensor before = output(model);
                    assertThat(inject(model, ALL)).hasSize(Adaptable.in(model).size());
                    assertThat(Tensors.floats(output(model))).isEqualTo(Tensors.floats(before));
                    fillUp(model);
                    Tensor adapted = output(model);
                    assertThat(adapted.sub(before).abs().max().item_float()).isGreaterThan(1e-3f);
                    Lora.merge(model);
                    Lora.merge(model); // once is enough
                    assertClose("merged", output(model), adapted, 1e-5);
                    Lora.unmerge(model);
                    assertClose("unmerged", output(model), adapted, 1e-5);
                    Lora.eject(model);
                    assertThat(Lora.isIn(model)).isFalse();
                    assertClose("ejected", output(model), before, 1e-5);
                }
            });
        }
    }

    @Test
    void a_frozen_network_with_products_beside_its_weights_draws_the_same() {
        TensorScope.run(() -> {
            try (DiffusionModel model = tiny(ModelKind.UNET_2D)) {
                inject(model, ALL);
                fillUp(model);
                Tensor adapted = output(model);
                model.channelsLast(true);
                model.freeze();
                assertClose("frozen", output(model), adapted, 1e-4);
            }
        });
    }

    @Test
    void no_layer_and_a_second_injection_are_refused() {
        try (DiffusionModel model = tiny(ModelKind.CROSS_ATTENTION_UNET)) {
            assertThatThrownBy(() -> inject(model, LoraConfig.DEFAULT))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("names no layer")
                    .hasMessageContaining("enc_convs.0.seq1.0");
            inject(model, ATTENTION);
            int before = model.stateDict().size();
            assertThatThrownBy(() -> inject(model, ATTENTION))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("has a LoRA already");
            assertThat(model.stateDict()).hasSize(before);
        }
        assertThatThrownBy(() -> LoraConfig.DEFAULT.withTargets(List.of("w_q(")))
                .hasMessageContaining("no regular expression");
    }

    @Test
    void targets_are_last_parts_of_names_or_patterns() {
        LoraConfig config = LoraConfig.DEFAULT.withTargets(List.of("0.to_q", "mid_block\\..*"));
        assertThat(config.isTarget("up.attentions.0.to_q")).isTrue();
        assertThat(config.isTarget("up.attentions.10.to_q")).isFalse();
        assertThat(config.isTarget("mid_block.attentions.0.to_out.0")).isTrue();
        assertThat(config.isTarget("a.mid_block.b")).isFalse();
    }

    @Test
    void start_values_have_their_bounds() {
        Map<LoraInit, Double> bounds =
                Map.of(LoraInit.KAIMING_RANK, 1 / Math.sqrt(8), LoraInit.KAIMING_IN, 1 / Math.sqrt(1024));
        bounds.forEach((init, bound) -> {
            try (DiffusionModel model = (DiffusionModel) ModelKind.CROSS_ATTENTION_UNET.create(Map.of())) {
                inject(model, ATTENTION.withInit(init));
                LowRank product = java.util.Objects.requireNonNull(
                                Adaptable.in(model).get("enc_convs.4.crossattn.w_q"))
                        .lora()
                        .orElseThrow();
                assertThat(TensorScope.<Float>compute(
                                        () -> product.down().abs().max().item_float())
                                .doubleValue())
                        .isBetween(0.98 * bound, bound);
                assertThat(TensorScope.<Float>compute(
                                () -> product.up().abs().max().item_float()))
                        .isZero();
            }
        });
    }

    @Test
    void gradients_reach_the_products_alone_and_dropout_leaves_out() {
        TensorScope.run(() -> {
            try (DiffusionModel model = tiny(ModelKind.UNET_2D);
                    RandomStream random = new RandomStream(1)) {
                inject(model, LoraConfig.DEFAULT.withDropout(0.5));
                fillUp(model);
                model.requiresGrad(false);
                Lora.weights(model).values().forEach(tensor -> tensor.set_requires_grad(true));
                Tensor one = TrainingMode.run(random, () -> forward(model));
                one.square().mean().backward();
                model.namedParameters()
                        .forEach((name, tensor) ->
                                assertThat(tensor.grad().defined()).as(name).isEqualTo(name.contains("lora_")));
                Tensor other = TrainingMode.run(random, () -> forward(model));
                assertThat(one.sub(other).abs().max().item_float()).isPositive();
            }
        });
    }

    @Test
    void what_is_written_is_read_by_another_network() {
        TensorScope.run(() -> {
            for (ModelKind kind : List.of(ModelKind.CROSS_ATTENTION_UNET, ModelKind.UNET_2D)) {
                Path target = folder.resolve(kind.key());
                try (DiffusionModel model = tiny(kind);
                        DiffusionModel other = tiny(kind);
                        DiffusionModel third = tiny(kind)) {
                    inject(model, ALL);
                    fillUp(model);
                    LoraFolder.write(target, model, ALL, "somewhere", null);
                    try (LoraAdapter file = LoraAdapter.read(target)) {
                        file.mergeInto(other, 1);
                        assertClose("read", output(other), output(model), 1e-5);
                        file.mergeInto(other, -1);
                        assertClose("taken out", output(other), output(third), 1e-5);
                        assertThat(file.restore(third)).isZero();
                        inject(third, ALL);
                        assertThat(file.restore(third)).isEqualTo(file.size());
                        assertThat(Tensors.floats(output(third))).isEqualTo(Tensors.floats(output(model)));
                    }
                }
            }
        });
    }

    /** The same product under the names of diffusers' scripts, diffusers' first form, kohya's and peft's with an adapter's name. */
    @Test
    void other_spellings_are_read() {
        String layer = "mid_block.attentions.0.to_out.0";
        Map<String, String> spellings = Map.of(
                "unet." + layer + ".lora.%s.weight",
                "",
                "unet.mid_block.attentions.0.processor.to_out_lora.%s.weight",
                "",
                layer + ".lora_%s.default.weight",
                "",
                "lora_unet_mid_block_attentions_0_to_out_0.lora_%s.weight",
                "lora_unet_mid_block_attentions_0_to_out_0.alpha");
        TensorScope.run(() -> {
            try (DiffusionModel model = tiny(ModelKind.UNET_2D);
                    RandomStream random = new RandomStream(3)) {
                Tensor down = random.randn(4, 32);
                Tensor up = random.randn(32, 4);
                Tensor weight =
                        java.util.Objects.requireNonNull(model.stateDict().get(layer + ".weight"));
                spellings.forEach((pattern, alpha) -> TensorScope.run(() -> {
                    boolean letters = pattern.contains("default");
                    Map<String, Tensor> tensors = new LinkedHashMap<>();
                    tensors.put(String.format(pattern, letters ? "A" : "down"), down);
                    tensors.put(String.format(pattern, letters ? "B" : "up"), up);
                    if (!alpha.isEmpty()) {
                        tensors.put(alpha, Tensors.of(new float[] {2}).view());
                    }
                    Path file = folder.resolve("pytorch_lora_weights.safetensors");
                    Safetensors.write(file, tensors, Map.of());
                    Tensor before = weight.clone();
                    try (LoraAdapter lora = LoraAdapter.read(folder)) {
                        lora.mergeInto(model, 1);
                    }
                    double scale = alpha.isEmpty() ? 1 : 0.5;
                    assertClose(pattern, weight, before.add(up.mm(down).mul(new Scalar(scale))), 1e-5);
                }));
            }
        });
    }

    @Test
    void what_does_not_fit_is_counted() {
        List<String> messages = new ArrayList<>();
        TensorScope.run(() -> {
            try (DiffusionModel model = tiny(ModelKind.UNET_2D)) {
                for (List<String> names : List.of(
                        List.of("mid_block.attentions.0.to_q", "conv_in"),
                        List.of("a.to_q", "b.to_q", "c.to_q", "d.to_q"),
                        List.of("conv_in"))) {
                    Map<String, Tensor> tensors = new LinkedHashMap<>();
                    names.forEach(name -> {
                        tensors.put(name + ".lora_A.weight", Tensors.of(new float[2 * 32], 2, 32));
                        tensors.put(name + ".lora_B.weight", Tensors.of(new float[2 * 32], 32, 2));
                    });
                    messages.add(refusal(model, tensors));
                }
                messages.add(refusal(model, Map.of("x.weight", Tensors.of(new float[4], 4))));
                messages.add(refusal(model, Map.of("x.lora_A.weight", Tensors.of(new float[4], 2, 2))));
            }
        });
        assertThat(messages.get(0))
                .contains("1 of its 2 LoRA layers have another shape")
                .contains("conv_in (32, 2) x (2, 32) beside (16, 1, 3, 3)");
        assertThat(messages.get(1))
                .contains("applied none of its 8 keys")
                .contains("a.to_q, b.to_q, c.to_q and 1 more");
        assertThat(messages.get(2))
                .contains("1 of its 1 LoRA layers have another shape")
                .contains("another model");
        assertThat(messages.get(3)).contains("holds no LoRA").endsWith("it holds x.weight");
        assertThat(messages.get(4)).contains("only one of its two tensors");
    }

    /** Trainers name layers that a network lacks; what is there counts, and the rest is reported. */
    @Test
    void layers_that_the_network_lacks_are_named() {
        TensorScope.run(() -> {
            try (DiffusionModel model = tiny(ModelKind.UNET_2D)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                for (String name : List.of("mid_block.attentions.0.to_q", "mid_block.attentions.7.to_q")) {
                    tensors.put(name + ".lora_A.weight", Tensors.of(new float[2 * 32], 2, 32));
                    tensors.put(name + ".lora_B.weight", Tensors.of(new float[2 * 32], 32, 2));
                }
                Path file = folder.resolve("half.safetensors");
                Safetensors.write(file, tensors, Map.of());
                try (LoraAdapter lora = LoraAdapter.read(file)) {
                    assertThat(lora.mergeInto(model, 1).text())
                            .endsWith("applied 2 of 4 keys; not applied: 2 of layers that this model does not have"
                                    + " (mid_block.attentions.7.to_q)");
                }
            }
        });
    }

    private String refusal(DiffusionModel model, Map<String, Tensor> tensors) {
        Path file = folder.resolve("bad.safetensors");
        Safetensors.write(file, tensors, Map.of());
        Tensor before = output(model);
        String[] message = {""};
        assertThatThrownBy(() -> {
                    try (LoraAdapter lora = LoraAdapter.read(file)) {
                        lora.mergeInto(model, 1);
                    }
                })
                .isInstanceOf(Problem.class)
                .satisfies(e -> message[0] = String.valueOf(e.getMessage()));
        assertThat(Tensors.floats(output(model))).isEqualTo(Tensors.floats(before));
        return message[0];
    }

    @Test
    void a_choice_is_a_path_and_a_scale() {
        assertThat(LoraChoice.parse("a/b")).isEqualTo(new LoraChoice(Path.of("a/b"), 1));
        assertThat(LoraChoice.parse("a/b:-0.5")).isEqualTo(new LoraChoice(Path.of("a/b"), -0.5));
        assertThat(LoraChoice.parse(new LoraChoice(Path.of("a:1"), 2).text()).path())
                .isEqualTo(Path.of("a:1"));
        assertThatThrownBy(() -> LoraChoice.parse("a:strong")).hasMessageContaining("a:strong");
        assertThatThrownBy(() -> LoraChoice.parse("a:NaN")).hasMessageContaining("must be a number");
    }
}
