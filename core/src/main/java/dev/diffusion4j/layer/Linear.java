// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.linear;

import dev.diffusion4j.processor.PackedLinear;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/** x·Wᵀ + b: {@code weight (out, in)} and, unless it was made without, {@code bias (out)}. */
public final class Linear extends Adaptable {
    private volatile Tensor weight;
    private final @Nullable Tensor bias;
    private final TensorOptional biasOptional;
    private volatile @Nullable PackedLinear packed;

    /** With a bias. */
    public Linear(long in, long out) {
        this(in, out, true);
    }

    public Linear(long in, long out, boolean withBias) {
        weight = parameter("weight", out, in);
        Tensor made = withBias ? parameter("bias", out) : null;
        bias = made;
        biasOptional = TensorScope.own(made == null ? new TensorOptional() : new TensorOptional(made));
    }

    /**
     * @param features (…, in)
     * @return (…, out), a new tensor
     */
    public Tensor forward(Tensor features) {
        return isAdapted() ? TensorScope.keepResult(() -> withProducts(plain(features), features)) : plain(features);
    }

    private Tensor plain(Tensor features) {
        PackedLinear fast = packed(features);
        if (fast == null) {
            return linear(features, weight, biasOptional);
        }
        return GradMode.is_enabled() ? unpacked(features) : fast.forward(features, bias);
    }

    private @Nullable PackedLinear packed(Tensor features) {
        PackedLinear known = packed;
        return known != null || !isFrozen() || GradMode.is_enabled() ? known : pack(features);
    }

    private synchronized @Nullable PackedLinear pack(Tensor features) {
        if (packed == null && features.device().is_cpu() && SpeedProbe.packsProducts(Tensors.type(weight))) {
            PackedLinear made = new PackedLinear(weight, features.numel() / weight.size(1));
            replaceParameter("weight", TensorScope.own(new Tensor(made.weight())));
            weight = made.weight();
            packed = made;
        }
        return packed;
    }

    /** Gradients with regard to the features are required of a layer that was frozen. */
    private Tensor unpacked(Tensor features) {
        return TensorScope.keepResult(() -> linear(features, plainWeight(), biasOptional));
    }

    @Override
    protected Tensor project(Tensor input, Tensor other) {
        return linear(input, other);
    }

    @Override
    protected Tensor expand(Tensor thin, Tensor other) {
        return linear(thin, other);
    }

    /** {@code (out, in)}; borrowed; in an order of oneDNN's once a frozen layer was used. */
    @Override
    public Tensor weight() {
        return weight;
    }

    /** {@code (out)}; borrowed; {@code null} where there is none. */
    public @Nullable Tensor bias() {
        return bias;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.kaiming(weight, bias, weight.size(1), random);
    }

    @Override
    public void close() {
        biasOptional.close();
        super.close();
        PackedLinear made = packed;
        if (made != null) {
            made.close();
        }
    }
}
