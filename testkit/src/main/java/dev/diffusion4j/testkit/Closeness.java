// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/** Comparing tensors up to the rounding of f32. */
final class Closeness {
    private Closeness() {}

    /** Equal in shape, and in each value within {@code relative} times the largest expected magnitude. */
    static void assertClose(String what, Tensor actual, Tensor expected, double relative) {
        assertThat(Shapes.text(actual)).as(what + ": shape").isEqualTo(Shapes.text(expected));
        float[] actuals = Tensors.floats(actual);
        float[] expecteds = Tensors.floats(expected);
        double scale = Double.MIN_NORMAL;
        for (float value : expecteds) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < expecteds.length; i++) {
            double difference = Math.abs((double) actuals[i] - expecteds[i]);
            assertThat(difference / scale)
                    .as("%s at %d: %s instead of %s", what, i, actuals[i], expecteds[i])
                    .isLessThanOrEqualTo(relative);
        }
    }
}
