// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The non-linear function between a tower's two linear layers. */
public enum ClipActivation implements Keyed {
    /** x·sigmoid(1.702·x): what OpenAI's weights were trained with. */
    QUICK_GELU("quick_gelu") {
        @Override
        Tensor apply(Tensor x) {
            return TensorScope.keepResult(
                    () -> torch.sigmoid(x.mul(new Scalar(1.702))).mul(x));
        }
    },
    /** x·Φ(x): what most of OpenCLIP's own weights were trained with. */
    GELU("gelu") {
        @Override
        Tensor apply(Tensor x) {
            return torch.gelu(x);
        }
    };

    private final String key;

    ClipActivation(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    abstract Tensor apply(Tensor x);
}
