// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.empty_like;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Sets a share of the values to zero while training and scales the rest up; does nothing else: Srivastava et al. (2014). */
public final class Dropout extends Layer {
    private final double probability;

    public Dropout(double probability) {
        this.probability = Check.inRange(probability, 0, 1, "dropout");
    }

    /** The input itself where nothing is dropped, else a new tensor. */
    public Tensor forward(Tensor x) {
        Optional<RandomStream> random = TrainingMode.random();
        if (probability == 0 || random.isEmpty()) {
            return x;
        }
        return TensorScope.keepResult(() -> x.mul(mask(x, random.get())));
    }

    /** Drawn on the CPU for every device, since the stream is the CPU's. */
    private static Tensor drawn(Tensor x, RandomStream random) {
        if (x.device().is_cpu()) {
            Tensor uniform = empty_like(x);
            random.uniform(uniform, 0, 1);
            return uniform;
        }
        return random.rand(Tensors.shape(x)).to(x.device(), ScalarType.Float);
    }

    private Tensor mask(Tensor x, RandomStream random) {
        try (NoGradGuard guard = new NoGradGuard()) {
            if (probability == 1) {
                return empty_like(x).zero_();
            }
            Tensor uniform = drawn(x, random);
            return uniform.ge(new Scalar(probability)).to(Tensors.type(x)).div_(new Scalar(1 - probability));
        }
    }
}
