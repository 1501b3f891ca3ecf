// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;

import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class HalfAttentionTest {
    @Test
    void largeScoresCostLittleMoreThanRoundingTheResultDoes() {
        differs(600, 640, 8, 8);
    }

    @Test
    void rowsOfKeysThatDoNotFillVectorsToo() {
        differs(600, 601, 8, 8);
    }

    @Test
    void keysOfAPromptAndValuesOfAnotherWidthToo() {
        differs(64, 77, 8, 12);
    }

    @Test
    void morePartsThanOneGiveTheSame() {
        differs(3000, 2560, 8, 8);
    }

    @Test
    void smallPartsOfSeveralHeadsGiveTheSame() {
        differs(700, 704, 40, 24);
    }

    /** As applications are started that know nothing of the vector module; in this JVM it is there. */
    @Test
    void itWorksWithoutTheVectorModule() throws IOException {
        ChildJvm.Ended ended = ChildJvm.run(List.of(), WithoutVectors.class);
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.out()).isEqualTo("near without vectors\n");
    }

    static final class WithoutVectors {
        public static void main(String[] arguments) {
            differs(600, 640, 8, 8);
            System.out.print(VectorSupport.isAvailable() ? "near with vectors\n" : "near without vectors\n");
        }
    }

    /** One key that the search for the largest score does not see, with a score of 400, beside others of about 0. */
    @Test
    void aScoreBeyondAllOthersTakesAllTheWeight() {
        try (NoGradGuard guard = new NoGradGuard();
                RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor query = halved(ones(1, 3, 1, 16).mul(new Scalar(10.0)));
                Tensor key = halved(noise.randn(1, 128, 1, 16).mul(new Scalar(0.01)));
                Tensor value = halved(noise.randn(1, 128, 1, 4));
                key.select(2, 1).fill_(new Scalar(10.0));
                Tensor found = HalfAttention.attend(query, key, value);
                assertThat(distance(
                                wide(found),
                                wide(value.narrow(2, 1, 1).expand(1, 1, 3, 4).contiguous())))
                        .isLessThan(0.004);
            });
        }
    }

    /** Scores of a deviation of 2: the largest, which decide, are 8 and more. */
    private static void differs(long rows, long keys, long size, long valueSize) {
        try (NoGradGuard guard = new NoGradGuard();
                RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor query = halved(noise.randn(2, rows, 3, size).mul(new Scalar(2.0)));
                Tensor key = halved(noise.randn(2, keys, 3, size));
                Tensor value = halved(noise.randn(2, keys, 3, valueSize));
                Tensor exact = scaled_dot_product_attention(wide(query), wide(key), wide(value));
                Tensor found = HalfAttention.attend(query, key, value);
                double rounding = distance(wide(halvedAsIs(exact)), exact);
                assertThat(found.sizes().vec().get())
                        .isEqualTo(exact.sizes().vec().get());
                assertThat(distance(wide(found), exact)).isLessThan(4 * rounding);
            });
        }
    }

    private static Tensor halved(Tensor tokens) {
        return halvedAsIs(tokens).transpose(1, 2);
    }

    private static Tensor halvedAsIs(Tensor tensor) {
        return tensor.to(ScalarType.BFloat16);
    }

    private static Tensor wide(Tensor tensor) {
        return tensor.to(ScalarType.Float);
    }

    private static double distance(Tensor one, Tensor other) {
        return one.sub(other).norm().item_double() / other.norm().item_double();
    }
}
