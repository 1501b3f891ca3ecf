// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** The weight of a frozen layer, which its first use puts in another order, while others read it. */
class LayerWeightTest {
    private static Tensor quietly(UnaryOperator<Tensor> forward, Tensor input) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return forward.apply(input);
        }
    }

    private static void fill(Layer layer) {
        try (RandomStream random = new RandomStream(3)) {
            layer.initialize(random);
        }
        layer.channelsLast(true);
        layer.freeze();
    }

    /** First {@code before}, then the first use of the layer, and what was had before is as it was. */
    private static void checkHandle(Adaptable layer, UnaryOperator<Tensor> forward, Tensor input) {
        fill(layer);
        Tensor handle = layer.weight();
        Tensor values = handle.clone();
        Tensor drawn = quietly(forward, input);
        assertThat(torch.equal(handle, values)).isTrue();
        Tensor now = layer.weight();
        assertThat(torch.equal(now.is_mkldnn() ? now.to_dense() : now, values)).isTrue();
        assertThat(layer.parameterCount()).isEqualTo(values.numel() + values.size(0));
        assertClose("again", quietly(forward, input), drawn, 0);
    }

    @Test
    void a_weight_that_was_had_before_the_first_use_stays_readable() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(64, 32);
                    Conv2d conv = Conv2d.same(8, 16)) {
                checkHandle(linear, linear::forward, random.randn(3, 64));
                checkHandle(conv, conv::forward, random.randn(2, 8, 8, 8));
            }
        });
    }

    /** What a gradient does while another thread uses the layer for the first time, one after the other. */
    private static void checkBorrowed(Adaptable layer, UnaryOperator<Tensor> forward, Tensor input) {
        fill(layer);
        Tensor before = layer.weight().clone();
        Tensor read = layer.layerWeight().withPlain(plain -> {
            quietly(forward, input);
            return plain.clone();
        });
        assertThat(torch.equal(read, before)).isTrue();
    }

    @Test
    void a_weight_that_a_call_reads_stays_until_it_has_ended() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(64, 32);
                    Conv2d conv = Conv2d.same(8, 16)) {
                checkBorrowed(linear, linear::forward, random.randn(3, 64));
                checkBorrowed(conv, conv::forward, random.randn(2, 8, 8, 8));
            }
        });
    }

    @Test
    void the_plain_memory_goes_with_the_last_who_reads_it() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(512, 512)) {
                fill(linear);
                Tensor input = random.randn(4, 512);
                Tensor handle = linear.weight();
                quietly(linear::forward, input).close();
                boolean packed = SpeedProbe.packsProducts(ScalarType.Float);
                assertThat(handle.use_count()).isEqualTo(packed ? 1 : 2);
            }
        });
    }
}
