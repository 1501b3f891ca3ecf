// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.einsum;

import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.kernel.WinogradLoops;
import dev.diffusion4j.processor.FastConvolution;
import dev.diffusion4j.processor.PackedConvolution;
import dev.diffusion4j.processor.PackedLinear;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A 3×3 convolution in f32 that takes pictures with enough to do by 36 matrix products between two loops, a quarter of the multiplications
 * (see {@link WinogradLoops}), and smaller ones directly. The transformed weight is made by the first such picture and takes four times the
 * plain one's memory. Which way a picture goes depends on its size alone, so that the same one always has the same bytes; the two ways
 * differ in the sixth digit. Immutable and thread-safe.
 */
final class WinogradConvolution implements FastConvolution {
    /** Tiles of a picture from which on the transformed weight is worth its memory: 64×64 pixels. */
    private static final long MANY_TILES = 256;
    /** Multiplications of one of the products from which on calling it costs little. */
    private static final long MANY_PRODUCTS = 1 << 22;

    /** G of Lavin &amp; Gray, section 4.3, for 4×4 results of 3×3 weights; times 24, so that all are whole. */
    private static final double[] WEIGHT_TO_POINTS = {6, 0, 0, -4, -4, -4, -4, 4, -4, 1, 2, 4, 1, -2, 4, 0, 0, 24};

    private final PackedConvolution direct;
    private @Nullable List<PackedLinear> points;

    /** Whether a convolution can be done so: 3×3 of stride 1 that keeps the size, in f32, on a processor that gains by it. */
    static boolean fits(Tensor plain, long[] stride, long[] padding) {
        return Tensors.type(plain) == ScalarType.Float
                && plain.size(2) == 3
                && stride[0] == 1
                && padding[0] == 1
                && suits(plain.size(1), plain.size(0));
    }

    /** Whether this processor gains by it where there are so many channels. */
    static boolean suits(long in, long out) {
        return VectorSupport.isAvailable()
                && in % VectorSupport.lanes() == 0
                && out % VectorSupport.lanes() == 0
                && SpeedProbe.packsProducts(ScalarType.Float);
    }

    /** Whether a picture of so many tiles has enough to do. */
    static boolean isLarge(double tiles, double in, double out) {
        return tiles >= MANY_TILES && tiles * in * out >= MANY_PRODUCTS;
    }

    /** @param direct of the same weight; closed with this */
    WinogradConvolution(PackedConvolution direct) {
        this.direct = direct;
    }

    private boolean isLarge(Tensor sample) {
        long tiles = tiles(sample.size(2)) * tiles(sample.size(3));
        Tensor weight = direct.weight();
        return isLarge(tiles, weight.size(1), weight.size(0));
    }

    private static long tiles(long pixels) {
        return (pixels + WinogradLoops.SIDE - 1) / WinogradLoops.SIDE;
    }

    private synchronized List<PackedLinear> points() {
        List<PackedLinear> known = points;
        if (known == null) {
            known = spread();
            points = known;
        }
        return known;
    }

    /** G·w·Gᵀ, for each of the 36 numbers a matrix (out, in). */
    private List<PackedLinear> spread() {
        return TensorScope.compute(() -> {
            Tensor g = Tensors.ofDoubles(WEIGHT_TO_POINTS)
                    .to(ScalarType.Double)
                    .div(new Scalar(24.0))
                    .view(WinogradLoops.REACH, 3);
            Tensor plain = direct.weight().to_dense().to(ScalarType.Double);
            Tensor all = einsum("xi,ocij,yj->xyoc", new TensorVector(g, plain, g))
                    .to(ScalarType.Float)
                    .flatten(0, 1);
            return IntStream.range(0, WinogradLoops.POINTS)
                    .mapToObj(p -> new PackedLinear(all.select(0, p).contiguous(), MANY_TILES))
                    .toList();
        });
    }

    @Override
    public synchronized long madeBytes() {
        Tensor weight = direct.weight();
        return points == null ? 0 : weight.size(0) * weight.size(1) * WinogradLoops.POINTS * Float.BYTES;
    }

    /** In the order of the direct one. */
    @Override
    public Tensor weight() {
        return direct.weight();
    }

    @Override
    public Tensor forward(Tensor sample, @Nullable Tensor bias) {
        return isLarge(sample) ? forwardByPoints(sample, bias) : direct.forward(sample, bias);
    }

    /** By the products, however small. */
    Tensor forwardByPoints(Tensor sample, @Nullable Tensor bias) {
        return TensorScope.keepResult(() -> {
            Tensor result = Tensors.empty(
                            ScalarType.Float,
                            sample.size(0),
                            sample.size(2),
                            sample.size(3),
                            direct.weight().size(0))
                    .permute(0, 3, 1, 2);
            new WinogradRun(points(), sample.contiguous(MemoryFormat.ChannelsLast), result, bias, false).all();
            return result;
        });
    }

    @Override
    public void addTo(Tensor sum, Tensor sample, @Nullable Tensor bias) {
        if (!isLarge(sample)) {
            direct.addTo(sum, sample, bias);
            return;
        }
        TensorScope.run(
                () -> new WinogradRun(points(), sample.contiguous(MemoryFormat.ChannelsLast), sum, bias, true).all());
    }

    @Override
    public synchronized void close() {
        List<PackedLinear> made = points;
        if (made != null) {
            made.forEach(PackedLinear::close);
        }
        direct.close();
    }
}
