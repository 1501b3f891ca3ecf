// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.DrawnWeights;
import dev.diffusion4j.testing.Golden;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a UNet2DConditionModel refuses, and how it is given what belongs beside the sample. */
class UNet2DConditionModelTest {
    private static Map<String, @Nullable Object> config(String variant) {
        try (Golden golden = Golden.open("unet2d_condition")) {
            return golden.json(variant);
        }
    }

    private static UNet2DConditionModel model(String variant) {
        UNet2DConditionModel model = UNet2DConditionModel.fromConfig(config(variant));
        DrawnWeights.fill(model);
        return model;
    }

    private static Tensor drawn(long seed, long... shape) {
        try (RandomStream random = new RandomStream(seed)) {
            return random.randn(shape);
        }
    }

    private static Conditioning prompt(int count) {
        return Conditioning.of(Conditioning.ENCODER_HIDDEN_STATES, drawn(3, count, 7, 12));
    }

    private static Tensor run(UNet2DConditionModel model, Tensor sample, Conditioning conditioning) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return model.forward(sample, Tensors.ofDoubles(500), conditioning);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    dual_cross_attention | true | dual_cross_attention true is not supported, only false
                    num_attention_heads | 4 | num_attention_heads 4 is not supported, only null
                    attention_type | "gated" | attention_type the text 'gated' is not supported
                    time_embedding_type | "fourier" | time_embedding_type the text 'fourier' is not supported
                    resnet_skip_time_act | true | resnet_skip_time_act true is not supported
                    resnet_out_scale_factor | 1.4 | resnet_out_scale_factor 1.4 is not supported, only 1
                    cross_attention_norm | "layer_norm" | cross_attention_norm the text 'layer_norm' is not supported
                    mid_block_only_cross_attention | true | mid_block_only_cross_attention true is not supported
                    mid_block_type | "UNetMidBlock2DSimpleCrossAttn" | mid_block_type: unknown value
                    down_block_types | ["SimpleCrossAttnDownBlock2D", "DownBlock2D"] | down_block_types[0]: unknown value
                    addition_embed_type | "image_hint" | addition_embed_type: unknown value
                    encoder_hid_dim_type | "image_proj" | encoder_hid_dim_type: unknown value
                    encoder_hid_dim_type | "text_proj" | encoder_hid_dim_type needs encoder_hid_dim
                    class_embed_type | "projection" | need projection_class_embeddings_input_dim
                    norm_num_groups | null | norm_num_groups must not be null
                    attention_head_dim | [2, 2, 2] | attention_head_dim must be one number or 2, one for each level, but has 3
                    transformer_layers_per_block | [1, [2, 1]] | needs reverse_transformer_layers_per_block
                    layers_per_blok | 2 | the key 'layers_per_blok' is not supported (did you mean 'layers_per_block'?)
                    """)
    void a_value_that_is_not_implemented_is_refused_by_name(String key, String value, String message) {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(config("sd1"));
        config.put(key, Json.parseObject("{\"value\": " + value + "}", "a test").get("value"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> UNet2DConditionModel.fromConfig(config).close())
                .withMessageContaining("UNet2DConditionModel config: ")
                .withMessageContaining(message);
    }

    @Test
    void keys_that_change_nothing_are_kept_and_saved_again() {
        Map<String, @Nullable Object> config = new LinkedHashMap<>(config("sd1"));
        config.put("_class_name", "UNet2DConditionModel");
        config.put("dual_cross_attention", false);
        config.put("num_attention_heads", null);
        config.put("optimization_step", 100L);
        try (UNet2DConditionModel model = UNet2DConditionModel.fromConfig(config)) {
            config.remove("_class_name");
            assertThat(model.config()).containsAllEntriesOf(config);
        }
    }

    @Test
    void a_network_without_its_prompt_says_so_in_one_line() {
        try (UNet2DConditionModel model = model("sd1")) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> run(model, drawn(1, 1, 4, 8, 8), Conditioning.NONE))
                    .withMessage("this network draws what a text describes: give prompt");
        }
    }

    @Test
    void channels_beside_the_sample_may_come_with_the_condition_or_in_the_sample() {
        TensorScope.run(() -> {
            try (UNet2DConditionModel model = model("inpainting")) {
                assertThat(model.sampleChannels()).isEqualTo(4);
                assertThat(model.extraChannels()).isEqualTo(5);
                Tensor sample = drawn(1, 2, 4, 8, 8);
                Tensor extra = drawn(2, 2, 5, 8, 8);
                Tensor apart = run(model, sample, prompt(2).with(Conditioning.EXTRA_CHANNELS, extra));
                Tensor together = run(model, torch.cat(new TensorVector(sample, extra), 1), prompt(2));
                assertThat(Tensors.floats(apart)).isEqualTo(Tensors.floats(together));
                assertThatExceptionOfType(Problem.class)
                        .isThrownBy(() -> run(model, sample, prompt(2)))
                        .withMessage("this network takes 9 channels, but was given 4:"
                                + " 5 of them belong to a picture or a mask beside the sample");
            }
        });
    }

    @Test
    void a_prompt_of_which_nothing_may_be_seen_is_seen_whole() {
        TensorScope.run(() -> {
            try (UNet2DConditionModel model = model("sd1")) {
                Tensor sample = drawn(1, 1, 4, 8, 8);
                Tensor nothing = torch.zeros(1, 7);
                assertClose(
                        "output",
                        run(model, sample, prompt(1).with(Conditioning.ENCODER_ATTENTION_MASK, nothing)),
                        run(model, sample, prompt(1)),
                        1e-5);
            }
        });
    }

    @Test
    void adapters_find_every_map_of_attention_and_feed_forward_layers() {
        try (UNet2DConditionModel model = model("xl")) {
            Set<String> names = new TreeSet<>();
            Adaptable.in(model).keySet().stream()
                    .filter(name -> name.startsWith("up_blocks.0.attentions.0."))
                    .forEach(name -> names.add(name.substring("up_blocks.0.attentions.0.".length())));
            assertThat(names).contains("proj_in", "proj_out");
            for (int block : new int[] {0, 1}) {
                for (String part : List.of(
                        "attn1.to_q",
                        "attn1.to_k",
                        "attn1.to_v",
                        "attn1.to_out.0",
                        "attn2.to_k",
                        "ff.net.0.proj",
                        "ff.net.2")) {
                    assertThat(names).contains("transformer_blocks." + block + "." + part);
                }
            }
        }
    }

    @Test
    void in_half_precision_it_draws_nearly_the_same() {
        TensorScope.run(() -> {
            Tensor sample = drawn(1, 2, 4, 8, 8);
            try (UNet2DConditionModel full = model("sd1");
                    UNet2DConditionModel half = model("sd1")) {
                half.convert(Devices.cpu(), ScalarType.BFloat16);
                half.channelsLast(true);
                half.freeze();
                Tensor result = run(half, sample.to(ScalarType.BFloat16), prompt(2));
                assertThat(Tensors.type(result)).isEqualTo(ScalarType.BFloat16);
                assertClose("output", result.to(ScalarType.Float), run(full, sample, prompt(2)), 0.05);
            }
        });
    }
}
