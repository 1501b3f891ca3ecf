// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.linear;

import dev.diffusion4j.processor.PackedLinear;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/** x·Wᵀ + b: {@code weight (out, in)} and, unless it was made without, {@code bias (out)}. */
public final class Linear extends Adaptable {
    private final LayerWeight<PackedLinear> weight;
    private final @Nullable Tensor bias;
    private final TensorOptional biasOptional;

    /** With a bias. */
    public Linear(long in, long out) {
        this(in, out, true);
    }

    public Linear(long in, long out, boolean withBias) {
        weight = new LayerWeight<>(this, parameter("weight", out, in), Linear::pack);
        Tensor made = withBias ? parameter("bias", out) : null;
        bias = made;
        biasOptional = WeightMemory.optional(made);
    }

    /**
     * @param features (…, in)
     * @return (…, out), a new tensor
     */
    public Tensor forward(Tensor features) {
        return isAdapted() ? adapted(features) : plain(features);
    }

    @Override
    Tensor plain(Tensor features) {
        if (isStored()) {
            return StoredWeight.operate(
                    features,
                    (input, seen) -> weight.withPlain(
                            plain -> linear(input, seen.apply(plain), StoredWeight.optional(bias, seen))));
        }
        PackedLinear fast = weight.packed(features);
        return fast != null
                ? fast.forward(features, bias)
                : weight.withPlain(plain -> linear(features, plain, biasOptional));
    }

    private static @Nullable PackedLinear pack(Tensor weight, Tensor features) {
        return SpeedProbe.packsProducts(Tensors.type(weight))
                ? new PackedLinear(weight, features.numel() / weight.size(1))
                : null;
    }

    @Override
    protected Tensor project(Tensor input, Tensor other) {
        return linear(input, other);
    }

    @Override
    protected Tensor expand(Tensor thin, Tensor other) {
        return linear(thin, other);
    }

    @Override
    LayerWeight<PackedLinear> layerWeight() {
        return weight;
    }

    @Override
    public @Nullable Tensor bias() {
        return bias;
    }

    /** The bias as it is computed with, borrowed or the current scope's; {@code null} where there is none. */
    @Nullable
    Tensor seenBias() {
        return bias == null ? null : widened(bias);
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        TensorScope.run(() -> {
            Tensor plain = weight();
            Init.kaiming(plain, bias, plain.size(1), random);
        });
    }

    @Override
    public void close() {
        biasOptional.close();
        super.close();
        weight.close();
    }
}
