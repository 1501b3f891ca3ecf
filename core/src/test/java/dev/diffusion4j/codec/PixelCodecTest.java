// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PixelCodecTest {
    static List<SampleRange> ranges() {
        return List.of(
                SampleRange.SIGNED,
                SampleRange.UNIT,
                SampleRange.normalized(List.of(0.4, 0.5, 0.6), List.of(0.2, 0.25, 0.3)));
    }

    @ParameterizedTest
    @MethodSource("ranges")
    void what_was_encoded_is_decoded_again(SampleRange range) {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                PixelCodec codec = new PixelCodec(3, range);
                Tensor pictures = random.rand(2L * 3 * 4 * 5)
                        .view(2, 3, 4, 5)
                        .mul(new Scalar(2.0))
                        .sub(new Scalar(1.0));
                Tensor samples = codec.encode(pictures, random);
                assertClose("decoded", codec.decode(samples), pictures, 1e-6);
                assertClose("moments", codec.moments(pictures).sample(random), samples, 0);
                assertClose(
                        "shown",
                        codec.pictures(samples),
                        pictures.add(new Scalar(1.0)).div(new Scalar(2.0)),
                        1e-6);
                assertThat(Tensors.shape(samples.select(0, 0))).isEqualTo(codec.shape(new SampleSize(4, 5)));
            }
        });
    }
}
