// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.model.inception.InceptionConfig;
import dev.diffusion4j.model.inception.InceptionV3;
import dev.diffusion4j.model.inception.InceptionVariant;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Features against torchvision and pytorch-fid, with weights made from a seed. */
class InceptionGoldenTest {
    @ParameterizedTest
    @EnumSource
    void equals_the_peer(InceptionVariant variant) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Golden golden = Golden.open("inception");
                    RandomStream random = new RandomStream(11);
                    InceptionV3 model = new InceptionV3(new InceptionConfig(variant))) {
                fill(model);
                Tensor pixels = Tensors.empty(torch.ScalarType.Float, 2, 3, 75, 80);
                random.uniform(pixels, 0, 1);
                Tensor scaled = pixels.mul(new Scalar(2.0)).sub(new Scalar(1.0));
                assertClose("features", model.features(scaled), golden.tensor(variant.key()), 1e-4);
            }
        });
    }

    /** In the order of the names. */
    private static void fill(InceptionV3 model) {
        try (RandomStream random = new RandomStream(7)) {
            new TreeMap<>(model.stateDict())
                    .forEach((name, tensor) -> TensorScope.run(() -> {
                        Tensor drawn = random.randn(Tensors.shape(tensor));
                        if (tensor.dim() == 4) {
                            drawn.mul_(new Scalar(Math.sqrt(2.0 / (tensor.numel() / tensor.size(0)))));
                        } else {
                            drawn.mul_(new Scalar(0.1));
                            if (name.endsWith("bn.weight") || name.endsWith("running_var")) {
                                drawn.add_(new Scalar(1.0));
                            }
                        }
                        tensor.copy_(drawn);
                    }));
        }
    }
}
