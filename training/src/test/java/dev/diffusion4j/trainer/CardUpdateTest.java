// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.FakeCard;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** What an update is given on a card, where LibTorch reads counts and divisors in the card's own memory. */
class CardUpdateTest {
    private static Tensor onCard(float... values) {
        return Tensors.of(values, values.length).to(Devices.parse("cuda"), ScalarType.Float);
    }

    private static Tensor weight() {
        Tensor weight = onCard(1, 2).detach();
        weight.set_requires_grad(true);
        weight.mutable_grad().put(onCard(3, 4));
        return weight;
    }

    @Test
    void all_that_the_optimiser_needs_is_beside_the_weights() {
        TensorScope.run(() -> {
            try (FakeCard card = FakeCard.insert();
                    AdamOptimizer optimizer = new AdamOptimizer(Map.of("w", weight()), AdamConfig.DEFAULT)) {
                optimizer.step(0.1, 2);
                assertThat(optimizer.state().values()).noneMatch(Tensor::is_cpu);
            }
        });
    }

    @Test
    void gradients_that_processes_sum_go_by_the_processor_and_come_back() {
        TensorScope.run(() -> {
            Tensor weight;
            try (FakeCard card = FakeCard.insert();
                    GradientBucket bucket = new GradientBucket(List.of(weight = weight()));
                    GradientSum earlier = new GradientSum(List.of(weight))) {
                earlier.take();
                weight.mutable_grad().put(onCard(10, 20));
                bucket.begin(ProcessGroup.ALONE, earlier);
                bucket.await();
                bucket.give();
                assertThat(weight.grad().is_cpu()).isFalse();
                assertThat(Tensors.floats(weight.grad())).containsExactly(13, 24);
            }
        });
    }
}
