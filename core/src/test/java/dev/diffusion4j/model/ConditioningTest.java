// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.model.Conditioning.ENCODER_ATTENTION_MASK;
import static dev.diffusion4j.model.Conditioning.ENCODER_HIDDEN_STATES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.model.Conditioning.Padding;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class ConditioningTest {
    private static Conditioning states(RandomStream random, long batch, long length) {
        return Conditioning.of(ENCODER_HIDDEN_STATES, random.randn(batch, length, 4));
    }

    private static Tensor tensor(Conditioning conditioning, String name) {
        return Objects.requireNonNull(conditioning.get(name));
    }

    @Test
    void a_part_of_a_batch_is_narrowed_in_all_tensors() {
        TensorScope.run(() -> {
            Conditioning all = Conditioning.ofClasses(Tensors.ofLongs(3, 1, 4)).withKeep(Tensors.ofDoubles(1, 0, 1));
            Conditioning part = all.narrow(1, 2);
            assertThat(part.size()).isEqualTo(2);
            assertThat(Tensors.longs(Objects.requireNonNull(part.classLabels())))
                    .containsExactly(1, 4);
            assertThat(Tensors.floats(Objects.requireNonNull(part.keep()))).containsExactly(0, 1);
        });
    }

    @Test
    void without_a_mark_every_picture_counts_after_joining() {
        TensorScope.run(() -> {
            Conditioning with = Conditioning.ofClasses(Tensors.ofLongs(3, 1));
            Conditioning without = with.withKeep(Tensors.ofDoubles(0, 0));
            Conditioning both = Conditioning.join(List.of(with, without), Padding.REFUSE);
            assertThat(Tensors.longs(Objects.requireNonNull(both.classLabels())))
                    .containsExactly(3, 1, 3, 1);
            assertThat(Tensors.floats(Objects.requireNonNull(both.keep()))).containsExactly(1, 1, 0, 0);
        });
    }

    @Test
    void what_only_some_pictures_have_cannot_be_joined() {
        TensorScope.run(() -> {
            Conditioning classes = Conditioning.ofClasses(Tensors.ofLongs(3));
            Conditioning more = classes.with("text_embeds", Tensors.ofDoubles(1).view(1, 1));
            for (List<Conditioning> parts : List.of(List.of(classes, more), List.of(more, classes))) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> Conditioning.join(parts, Padding.REFUSE))
                        .withMessageContaining("text_embeds");
            }
        });
    }

    /** Attention to keys repeated 2 and 3 times is attention to the keys, so 77 and 154 need no mask. */
    @Test
    void repeated_sequences_are_attended_to_alike() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Conditioning two = states(random, 1, 2);
                Conditioning three = states(random, 1, 3);
                Tensor joined = tensor(Conditioning.join(List.of(two, three), Padding.REPEAT), ENCODER_HIDDEN_STATES);
                assertThat(Tensors.shape(joined)).containsExactly(2, 6, 4);
                Tensor query = random.randn(1, 5, 4);
                Golden.assertClose(
                        "short",
                        attend(query, joined.narrow(0, 0, 1)),
                        attend(query, tensor(two, ENCODER_HIDDEN_STATES)),
                        1e-6);
                Golden.assertClose(
                        "long",
                        attend(query, joined.narrow(0, 1, 1)),
                        attend(query, tensor(three, ENCODER_HIDDEN_STATES)),
                        1e-6);
            }
        });
    }

    private static Tensor attend(Tensor query, Tensor states) {
        return torch.softmax(query.matmul(states.transpose(1, 2)), -1).matmul(states);
    }

    @Test
    void zeros_at_the_end_are_marked_as_padding() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Conditioning joined =
                        Conditioning.join(List.of(states(random, 1, 3), states(random, 2, 2)), Padding.MASKED);
                assertThat(Tensors.shape(tensor(joined, ENCODER_HIDDEN_STATES))).containsExactly(3, 3, 4);
                assertThat(Tensors.floats(tensor(joined, ENCODER_ATTENTION_MASK)))
                        .containsExactly(1, 1, 1, 1, 1, 0, 1, 1, 0);
                assertThatIllegalArgumentException()
                        .isThrownBy(() ->
                                Conditioning.join(List.of(states(random, 1, 3), states(random, 1, 2)), Padding.REFUSE))
                        .withMessageContaining("one length");
            }
        });
    }

    @Test
    void whole_numbers_keep_their_type_on_another_device() {
        TensorScope.run(() -> {
            Conditioning moved = Conditioning.ofClasses(Tensors.ofLongs(3))
                    .with("text_embeds", Tensors.ofDoubles(1).view(1, 1))
                    .withKeep(Tensors.ofDoubles(1))
                    .to(Devices.cpu(), ScalarType.BFloat16);
            assertThat(Tensors.type(tensor(moved, Conditioning.CLASS_LABELS))).isEqualTo(ScalarType.Long);
            assertThat(Tensors.type(tensor(moved, "text_embeds"))).isEqualTo(ScalarType.BFloat16);
            assertThat(Tensors.type(tensor(moved, Conditioning.KEEP))).isEqualTo(ScalarType.Float);
        });
    }
}
