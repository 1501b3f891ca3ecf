// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.tensor.TensorScope;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Equal to clean-fid's and pytorch-fid's. */
class PictureResizeTest {
    @Test
    void smaller_and_larger_both_ways() throws URISyntaxException {
        Path file = Path.of(Objects.requireNonNull(PictureResizeTest.class.getResource("/golden/resize.safetensors"))
                .toURI());
        try (Safetensors golden = Safetensors.open(file)) {
            TensorScope.run(() -> {
                Tensor pictures = golden.read("pictures")
                        .to(ScalarType.Float)
                        .div(new Scalar(255.0))
                        .unsqueeze(0);
                for (PictureResize resize : PictureResize.values()) {
                    for (long[] size : new long[][] {{9, 11}, {40, 31}}) {
                        Tensor expected = golden.read(resize.key() + "_" + size[0] + "x" + size[1]);
                        Tensor actual = resize.apply(pictures, size[0], size[1]);
                        double apart =
                                actual.sub(expected.unsqueeze(0)).abs().max().item_double();
                        assertThat(apart).as(resize.key()).isLessThan(2e-6);
                    }
                }
            });
        }
    }
}
