// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Pixels that attend to one token, a class, or to many, the words of a prompt. */
class CrossAttentionTest {
    @Test
    void the_lessons_self_test() {
        TensorScope.run(() -> {
            try (CrossAttention block = new CrossAttention(1, 256, 128, 512, 32);
                    RandomStream random = new RandomStream(0)) {
                block.initialize(random);
                assertThat(block.parameterCount()).isEqualTo(14_854);
                Tensor sample = random.randn(2, 1, 48, 48);
                assertThat(Tensors.shape(block.forward(sample, random.randn(2, 1, 32))))
                        .containsExactly(2, 1, 48, 48);
                assertThat(Tensors.shape(block.forward(sample, random.randn(2, 7, 32))))
                        .containsExactly(2, 1, 48, 48);
            }
        });
    }

    @Test
    void questions_learn_only_where_there_are_several_tokens() {
        for (int tokens : new int[] {1, 3}) {
            TensorScope.run(() -> {
                try (CrossAttention block = new CrossAttention(4, 8, 8, 8, 8);
                        RandomStream random = new RandomStream(0)) {
                    block.initialize(random);
                    block.requiresGrad(true);
                    block.forward(random.randn(2, 4, 6, 6), random.randn(2, tokens, 8))
                            .square()
                            .sum()
                            .backward();
                    double most = java.util.Objects.requireNonNull(
                                    block.namedParameters().get("w_q.weight"))
                            .grad()
                            .abs()
                            .max()
                            .item_double();
                    assertThat(most > 1e-9).isEqualTo(tokens > 1);
                }
            });
        }
    }

    @Test
    void words_and_their_order_change_the_output_and_dropped_ones_do_not() {
        TensorScope.run(() -> {
            Map<String, Object> config = Map.of(
                    "sample_size", 8L,
                    "block_out_channels", List.of(4L, 8L),
                    "num_classes", 0L,
                    "max_tokens", 3L,
                    "words", List.of("blue", "circle", "red"));
            try (CrossAttentionUnet model = (CrossAttentionUnet)
                            CrossAttentionUnet.FAMILY.create(new java.util.LinkedHashMap<>(config));
                    RandomStream random = new RandomStream(0)) {
                model.initialize(random);
                assertThat(model.stateDict()).containsKeys("word_emb.weight", "place_emb.weight");
                assertThat(model.stateDict()).doesNotContainKey("cls_emb.weight");
                Tensor sample = random.randn(1, 1, 8, 8);
                float[] red = output(model, sample, "red circle", 1);
                assertThat(output(model, sample, "circle red", 1)).isNotEqualTo(red);
                assertThat(output(model, sample, "blue circle", 1)).isNotEqualTo(red);
                assertThat(output(model, sample, "blue circle", 0)).isEqualTo(output(model, sample, "red circle", 0));
            }
        });
    }

    private static float[] output(CrossAttentionUnet model, Tensor sample, String prompt, float keep) {
        return TensorScope.compute(() -> {
            long[] tokens = model.prompts().orElseThrow().encode(prompt);
            Conditioning condition = Conditioning.ofClasses(
                            Tensors.ofLongs(tokens).view(1, -1))
                    .withKeep(Tensors.of(new float[] {keep}, 1));
            return Tensors.floats(model.forward(sample, Tensors.ofDoubles(5), condition));
        });
    }
}
