// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static dev.diffusion4j.testing.Golden.assertClose;

import org.junit.jupiter.api.Test;

class PerImageNoiseTest {
    @Test
    void the_seed_after_the_largest_long_is_that_of_torch() {
        // torch.randn(2, generator=torch.Generator().manual_seed(seed)) for seed 2**63 - 1 and 2**63, torch 2.10.0
        float[] expected = {1.219763041f, -0.392979473f, 1.540996075f, -0.293428898f};
        TensorScope.run(() -> {
            try (NoiseSource noise = NoiseSource.perImage(Long.MAX_VALUE, 2)) {
                assertClose("noise", Tensors.floats(noise.randn(2, 2)), expected, 1e-6);
            }
        });
    }
}
