// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** FID and KID against torch-fidelity, on the same features and the same subsets. */
class FeatureDistancesTest {
    private interface Body {
        void run(Tensor first, Tensor second, Map<String, @Nullable Object> golden);
    }

    private static void withFeatures(Body body) {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(3)) {
                Tensor first = random.randn(300, 64);
                Tensor second = random.randn(260, 64).mul(new Scalar(1.1)).add(new Scalar(0.2));
                Path file =
                        Path.of(Objects.requireNonNull(FeatureDistancesTest.class.getResource("/golden/distances.json"))
                                .toURI());
                body.run(first, second, Json.readObject(file));
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static double number(Map<String, @Nullable Object> golden, String key) {
        return ((Number) Objects.requireNonNull(golden.get(key))).doubleValue();
    }

    @Test
    void kernel_distance_over_the_same_subsets() {
        withFeatures((first, second, golden) -> {
            KernelDistance distance = KernelDistance.of(first, second, 20, 100, 2020);
            assertThat(distance.mean()).isCloseTo(number(golden, "kernel_inception_distance_mean"), within(1e-6));
            assertThat(distance.deviation()).isCloseTo(number(golden, "kernel_inception_distance_std"), within(1e-6));
            assertThat(distance.standardError()).isCloseTo(distance.deviation() / Math.sqrt(20), within(1e-12));
        });
    }

    @Test
    void frechet_distance() {
        withFeatures((first, second, golden) -> assertThat(FrechetDistance.of(first, second))
                .isCloseTo(number(golden, "frechet_inception_distance"), within(1e-6)));
    }

    @Test
    void frechet_distance_of_moments_of_parts_is_that_of_the_whole() {
        withFeatures((first, second, golden) -> {
            FeatureMoments parts = FeatureMoments.of(first.narrow(0, 0, 70))
                    .plus(FeatureMoments.of(first.narrow(0, 70, 1)))
                    .plus(FeatureMoments.of(first.narrow(0, 71, 229)));
            FeatureMoments whole = FeatureMoments.of(first);
            assertThat(parts.count()).isEqualTo(300);
            assertThat(parts.mean()).containsExactly(whole.mean(), within(1e-14));
            assertThat(parts.scatter()).containsExactly(whole.scatter(), within(1e-11));
            assertThat(FrechetDistance.of(parts, FeatureMoments.of(second)))
                    .isCloseTo(FrechetDistance.of(first, second), within(1e-11));
        });
    }

    @Test
    void alike_is_near_zero_and_order_does_not_matter() {
        withFeatures((first, second, golden) -> {
            Tensor halfA = first.narrow(0, 0, 150);
            Tensor halfB = first.narrow(0, 150, 150);
            assertThat(Math.abs(KernelDistance.unbiased(halfA, halfB))).isLessThan(0.05);
            assertThat(FrechetDistance.of(first, first)).isCloseTo(0, within(1e-6));
            assertThat(KernelDistance.unbiased(first, second))
                    .isCloseTo(KernelDistance.unbiased(second, first.flip(0)), within(1e-9));
        });
    }

    @Test
    void too_few_pictures_are_refused() {
        withFeatures((first, second, golden) -> assertThatThrownBy(() -> KernelDistance.of(first, second, 5, 1000, 1))
                .hasMessageContaining("1000")
                .hasMessageContaining("260"));
    }
}
