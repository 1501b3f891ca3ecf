// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.constant_pad_nd;
import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.kernel.WinogradLoops;
import dev.diffusion4j.processor.FastConvolution;
import dev.diffusion4j.processor.PackedConvolution;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.Optional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/** A square convolution: {@code weight (out, in, k, k)} and, unless it was made without, {@code bias (out)}. */
public final class Conv2d extends Adaptable {
    /** Numbers that are made of each pair of channels for a convolution that is split. */
    public static final int SPLIT_WEIGHTS = WinogradLoops.POINTS;
    /** The most numbers between the loops of one, before and after its products. */
    public static final long SPLIT_SCRATCH = 2 * WinogradRun.BAND;

    private static final long[] NO_DILATION = {1, 1};
    private static final long[] NO_PADDING = {0, 0};
    private static final TensorOptional NO_BIAS = TensorScope.ownResult(TensorOptional::new);

    private final LayerWeight<FastConvolution> weight;
    private final @Nullable Tensor bias;
    private final TensorOptional biasOptional;
    private final long[] stride;
    private final long[] padding;

    /** With a bias. */
    public Conv2d(long in, long out, long kernel, long stride, long padding) {
        this(in, out, kernel, stride, padding, true);
    }

    public Conv2d(long in, long out, long kernel, long stride, long padding, boolean withBias) {
        weight = new LayerWeight<>(this, parameter("weight", out, in, kernel, kernel), this::pack);
        Tensor made = withBias ? parameter("bias", out) : null;
        bias = made;
        biasOptional = WeightMemory.optional(made);
        this.stride = new long[] {stride, stride};
        this.padding = new long[] {padding, padding};
    }

    /** 3×3, stride 1, size kept. */
    public static Conv2d same(long in, long out) {
        return new Conv2d(in, out, 3, 1, 1);
    }

    /**
     * Whether a convolution of 3×3 that keeps the size is split on this processor, in f32 and without gradients: into matrix products between two
     * loops, with a quarter of the multiplications.
     *
     * @param pixels of one picture
     */
    public static boolean isSplit(double in, double out, double pixels) {
        double tiles = pixels / (WinogradLoops.SIDE * WinogradLoops.SIDE);
        return WinogradConvolution.isLarge(tiles, in, out) && WinogradConvolution.suits((long) in, (long) out);
    }

    /** 1×1. */
    public static Conv2d pointwise(long in, long out) {
        return new Conv2d(in, out, 1, 1, 0);
    }

    /**
     * @param sample (B, in, H, W)
     * @return (B, out, H', W'), a new tensor
     */
    public Tensor forward(Tensor sample) {
        return isAdapted() ? adapted(sample) : plain(sample);
    }

    @Override
    Tensor plain(Tensor sample) {
        if (isStored()) {
            return StoredWeight.operate(
                    sample,
                    (input, seen) -> weight.withPlain(
                            plain -> convolve(input, seen.apply(plain), StoredWeight.optional(bias, seen))));
        }
        FastConvolution fast = weight.packed(sample);
        return fast != null
                ? fast.forward(sample, bias)
                : weight.withPlain(plain -> convolve(sample, plain, biasOptional));
    }

    private Tensor convolve(Tensor sample, Tensor plain, TensorOptional shift) {
        Optional<BackwardTape> tape = BackwardTape.current();
        if (tape.isPresent() && ProductConvolution.fits(sample, plain, bias, stride[0], padding[0])) {
            return new ProductConvolution(tape.get(), plain, bias, stride[0], padding[0]).forward(sample);
        }
        if (sample.dim() != 4 || sample.size(1) != plain.size(1)) {
            return operate(sample, plain, shift); // LibTorch refuses what does not fit in its own words
        }
        if (plain.size(1) == 1) {
            return TensorScope.keepResult(() -> ofOneChannel(sample, plain, shift));
        }
        if (keepsSize(plain) && isChannelsLast() && AdjacentPictures.fit(sample) && Half.onCpu(sample, plain, bias)) {
            return TensorScope.keepResult(() -> AdjacentPictures.convolve(sample, wide -> operate(wide, plain, shift)));
        }
        return operate(sample, plain, shift);
    }

    private Tensor operate(Tensor sample, Tensor plain, TensorOptional shift) {
        return conv2d(sample, plain, shift, stride, padding, NO_DILATION, 1);
    }

    private boolean keepsSize(Tensor plain) {
        return plain.size(2) == 3 && stride[0] == 1 && padding[0] == 1;
    }

    /**
     * Of one channel both layouts look alike, and LibTorch takes the slower one for all that comes after. With a second channel of zeros oneDNN's result is
     * channels last at once: a quarter of the time, in bf16 and f32.
     */
    private Tensor ofOneChannel(Tensor sample, Tensor plain, TensorOptional shift) {
        boolean isPadded = plain.device().is_cpu() && isChannelsLast() && PackedConvolution.isAvailable();
        return laidOut(
                isPadded
                        ? operate(laidOut(withZeros(sample)), laidOut(withZeros(plain)), shift)
                        : operate(sample, plain, shift));
    }

    private static Tensor withZeros(Tensor oneChannel) {
        return constant_pad_nd(oneChannel, new long[] {0, 0, 0, 0, 0, 1}, new Scalar(0.0));
    }

    private @Nullable FastConvolution pack(Tensor plain, Tensor sample) {
        if (!SpeedProbe.packs(Tensors.type(plain))) {
            return null;
        }
        PackedConvolution direct = new PackedConvolution(plain, stride, padding, Tensors.shape(sample));
        return WinogradConvolution.fits(plain, stride, padding) ? new WinogradConvolution(direct) : direct;
    }

    @Override
    protected Tensor project(Tensor input, Tensor other) {
        return conv2d(input, other, NO_BIAS, stride, padding, NO_DILATION, 1);
    }

    @Override
    protected Tensor expand(Tensor thin, Tensor other) {
        return conv2d(thin, other, NO_BIAS, NO_DILATION, NO_PADDING, NO_DILATION, 1);
    }

    /**
     * The convolution plus {@code other}.
     *
     * @param sample (B, in, H, W)
     * @param other (B, out, H', W'); overwritten where no graph needs it and it is a temporary
     * @param temporary whether nobody else sees {@code other}
     * @return (B, out, H', W'): a new tensor, or {@code other}
     */
    public Tensor forwardPlus(Tensor sample, Tensor other, boolean temporary) {
        if (GradMode.is_enabled()) {
            return TensorScope.keepResult(() -> other.add(forward(sample)));
        }
        FastConvolution fast = weight.packed(sample);
        if (fast != null && temporary && !isAdapted() && other.is_contiguous(MemoryFormat.ChannelsLast)) {
            fast.addTo(other, sample, bias);
            return other;
        }
        return TensorScope.keepResult(() -> forward(sample).add_(other));
    }

    @Override
    LayerWeight<FastConvolution> layerWeight() {
        return weight;
    }

    @Override
    public @Nullable Tensor bias() {
        return bias;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        TensorScope.run(() -> {
            Tensor plain = weight();
            Init.kaiming(plain, bias, plain.size(1) * plain.size(2) * plain.size(3), random);
        });
    }

    @Override
    public void close() {
        biasOptional.close();
        super.close();
        weight.close();
    }
}
