// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import dev.diffusion4j.tensor.NativeOp;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * x·Wᵀ + b with a weight that lies in the order that oneDNN's kernel reads it in, as {@link PackedConvolution} is for convolutions. For
 * the CPU, without gradients. Immutable and thread-safe.
 */
public final class PackedLinear implements PackedWeight {
    private static final Optional<Operators> OPERATORS = Operators.find();

    private final Operators operators;
    private final Tensor weight;
    private final IValue weightValue;

    /** What all of them share. */
    private record Operators(
            NativeOp reorder, NativeOp plain, IValue noActivation, IValue noScalars, IValue noAlgorithm, IValue none) {
        /** Empty where this LibTorch was built without oneDNN. */
        static Optional<Operators> find() {
            try {
                return Optional.of(new Operators(
                        NativeOp.find("mkldnn::_reorder_linear_weight", ""),
                        NativeOp.find("mkldnn::_linear_pointwise", ""),
                        TensorScope.own(new IValue("none")),
                        TensorScope.own(NativeOp.noScalars()),
                        TensorScope.own(new IValue("")),
                        TensorScope.own(NativeOp.none())));
            } catch (RuntimeException e) {
                return Optional.empty();
            }
        }
    }

    /** Whether this LibTorch has it; whether it is fast is for {@link SpeedProbe} to say. */
    public static boolean isAvailable() {
        return OPERATORS.isPresent();
    }

    /**
     * @param plain {@code (out, in)}, dense, on the CPU; not kept
     * @param rows how many rows x will have; the order is best for that, others work as well
     */
    public PackedLinear(Tensor plain, long rows) {
        operators = OPERATORS.orElseThrow();
        weight = TensorScope.ownResult(
                () -> operators.reorder.call(new IValue(plain.detach()), new IValue(Math.max(1, rows))));
        weightValue = TensorScope.own(new IValue(weight));
    }

    /** {@code (out, in)}. */
    @Override
    public Tensor weight() {
        return weight;
    }

    /**
     * @param features (…, in)
     * @param bias {@code (out)}, or {@code null} for none
     * @return (…, out), a new tensor
     */
    public Tensor forward(Tensor features, @Nullable Tensor bias) {
        return operators.plain.call(
                new IValue(features),
                weightValue,
                bias == null ? operators.none : new IValue(bias),
                operators.noActivation,
                operators.noScalars,
                operators.noAlgorithm);
    }

    @Override
    public void close() {
        weightValue.close();
        weight.close();
    }
}
