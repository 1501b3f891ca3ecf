// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.kernel.Curve;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** The non-linear functions of diffusers' {@code act_fn}. */
public enum Activation implements Keyed {
    /** x·sigmoid(x): Elfwing et al. (2017). */
    SILU("silu") {
        @Override
        public Tensor apply(Tensor x) {
            return torch.silu(x);
        }

        @Override
        void applyInPlace(Tensor x) {
            torch.silu_(x);
        }
    },
    /** Another name of {@link #SILU}. */
    SWISH("swish") {
        @Override
        public Tensor apply(Tensor x) {
            return torch.silu(x);
        }

        @Override
        void applyInPlace(Tensor x) {
            torch.silu_(x);
        }
    },
    /** x·tanh(softplus(x)): Misra (2019). */
    MISH("mish") {
        @Override
        public Tensor apply(Tensor x) {
            return torch.mish(x);
        }

        @Override
        void applyInPlace(Tensor x) {
            torch.mish_(x);
        }
    },
    /** x·Φ(x), with the error function: Hendrycks and Gimpel (2016). */
    GELU("gelu") {
        @Override
        public Tensor apply(Tensor x) {
            return torch.gelu(x);
        }
    },
    /** max(x, 0). */
    RELU("relu") {
        @Override
        public Tensor apply(Tensor x) {
            return torch.relu(x);
        }

        @Override
        void applyInPlace(Tensor x) {
            torch.relu_(x);
        }
    };

    private final String key;

    Activation(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** A new tensor of the same shape. */
    public abstract Tensor apply(Tensor x);

    /** Overwrites; LibTorch's result is not used, because it is a second handle that owns nothing. */
    void applyInPlace(Tensor x) {
        x.set_data(apply(x));
    }

    /** For a temporary that nobody else holds: overwritten where no graph needs it. */
    public Tensor applyToTemporary(Tensor x) {
        if (GradMode.is_enabled()) {
            return apply(x);
        }
        applyInPlace(x);
        return x;
    }

    /** The same for the vector loops; {@link Curve#NONE} for none, {@code null} for one that they do not know. */
    static @Nullable Curve curve(@Nullable Activation activation) {
        if (activation == null) {
            return Curve.NONE;
        }
        return switch (activation) {
            case SILU, SWISH -> Curve.SILU;
            case GELU -> Curve.GELU;
            case RELU -> Curve.RELU;
            case MISH -> null;
        };
    }
}
