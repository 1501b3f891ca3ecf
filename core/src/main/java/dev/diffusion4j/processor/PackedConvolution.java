// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import dev.diffusion4j.tensor.NativeOp;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Optional;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A convolution whose weight lies in the order that oneDNN's kernel reads it in, so that it is not put in that order anew at each
 * call; and with an addition made while the result is still in registers. For the CPU, without gradients. Immutable and
 * thread-safe.
 */
public final class PackedConvolution implements FastConvolution {
    private static final Optional<Operators> OPERATORS = Operators.find();
    private static final long[] NO_DILATION = {1, 1};

    private final Operators operators;
    private final Tensor weight;
    private final IValue weightValue;
    private final IValue stride;
    private final IValue padding;
    private final IValue dilation;

    /** What all convolutions share. */
    private record Operators(
            NativeOp reorder,
            NativeOp plain,
            NativeOp adding,
            IValue one,
            IValue alpha,
            IValue noActivation,
            IValue relu,
            IValue add,
            IValue noScalars,
            IValue none) {

        /** Empty where this LibTorch was built without oneDNN. */
        static Optional<Operators> find() {
            try {
                return Optional.of(new Operators(
                        NativeOp.find("mkldnn::_reorder_convolution_weight", ""),
                        NativeOp.find("mkldnn::_convolution_pointwise", ""),
                        NativeOp.find("mkldnn::_convolution_pointwise_", "binary"),
                        TensorScope.own(new IValue(1L)),
                        TensorScope.own(new IValue(new Scalar(1.0))),
                        TensorScope.own(new IValue("none")),
                        TensorScope.own(new IValue("relu")),
                        TensorScope.own(new IValue("add")),
                        TensorScope.own(NativeOp.noScalars()),
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
     * @param plain {@code (out, in, k, k)}, dense, on the CPU; not kept
     * @param sample sizes (B, in, H, W) that the order is best for; others work as well
     */
    public PackedConvolution(Tensor plain, long[] stride, long[] padding, long[] sample) {
        operators = OPERATORS.orElseThrow();
        weight = TensorScope.ownResult(() -> operators.reorder.call(
                new IValue(plain.detach()),
                NativeOp.ints(padding),
                NativeOp.ints(stride),
                NativeOp.ints(NO_DILATION),
                operators.one,
                NativeOp.ints(sample)));
        weightValue = TensorScope.own(new IValue(weight));
        this.stride = TensorScope.own(NativeOp.ints(stride));
        this.padding = TensorScope.own(NativeOp.ints(padding));
        this.dilation = TensorScope.own(NativeOp.ints(NO_DILATION));
    }

    /** {@code (out, in, k, k)}. */
    @Override
    public Tensor weight() {
        return weight;
    }

    @Override
    public Tensor forward(Tensor sample, @Nullable Tensor bias) {
        return forward(sample, bias, operators.noActivation);
    }

    /** {@link #forward} with what is below 0 set to 0. */
    public Tensor forwardRelu(Tensor sample, @Nullable Tensor bias) {
        return forward(sample, bias, operators.relu);
    }

    private Tensor forward(Tensor sample, @Nullable Tensor bias, IValue activation) {
        return operators.plain.call(
                new IValue(sample),
                weightValue,
                value(bias),
                padding,
                stride,
                dilation,
                operators.one,
                activation,
                operators.noScalars,
                operators.none);
    }

    private IValue value(@Nullable Tensor bias) {
        return bias == null ? operators.none : new IValue(bias);
    }

    @Override
    public void addTo(Tensor sum, Tensor sample, @Nullable Tensor bias) {
        operators.adding.run(
                new IValue(sum),
                new IValue(sample),
                weightValue,
                value(bias),
                padding,
                stride,
                dilation,
                operators.one,
                operators.add,
                operators.alpha,
                operators.none,
                operators.noScalars,
                operators.none);
    }

    @Override
    public void close() {
        weightValue.close();
        weight.close();
        stride.close();
        padding.close();
        dilation.close();
    }
}
