// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.einsum;

import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.kernel.WinogradLoops;
import dev.diffusion4j.processor.FastConvolution;
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
 * A 3×3 convolution in f32 by 36 matrix products between two loops: a quarter of the multiplications, see {@link WinogradLoops}. The
 * transformed weight is four times the plain one, which is kept too, since it cannot be had back bit by bit; so this is for large pictures
 * of few channels. Results differ from the direct ones in the sixth digit. Immutable and thread-safe.
 */
final class WinogradConvolution implements FastConvolution {
    /** Tiles of a sample from which on the products are large enough. */
    private static final long MANY_TILES = 128;
    /** Channels from which on the products outweigh the loops. */
    private static final long MANY_CHANNELS = 64;

    /** G of Lavin &amp; Gray, section 4.3, for 4×4 results of 3×3 weights; times 24, so that all are whole. */
    private static final double[] WEIGHT_TO_POINTS = {6, 0, 0, -4, -4, -4, -4, 4, -4, 1, 2, 4, 1, -2, 4, 0, 0, 24};

    private final Tensor plain;
    private final List<PackedLinear> points;

    /** Whether a convolution is faster so: of stride 1 that keeps the size, in f32, for such samples. */
    static boolean fits(Tensor plain, long[] stride, long[] padding, Tensor sample) {
        return VectorSupport.isAvailable()
                && Tensors.type(plain) == ScalarType.Float
                && plain.size(2) == 3
                && plain.size(3) == 3
                && stride[0] == 1
                && padding[0] == 1
                && fits(plain.size(0))
                && fits(plain.size(1))
                && sample.size(0) * tiles(sample.size(2)) * tiles(sample.size(3)) >= MANY_TILES
                && SpeedProbe.packsProducts(ScalarType.Float);
    }

    private static boolean fits(long channels) {
        return channels >= MANY_CHANNELS && channels % VectorSupport.lanes() == 0;
    }

    private static long tiles(long pixels) {
        return (pixels + WinogradLoops.SIDE - 1) / WinogradLoops.SIDE;
    }

    /** @param plain {@code float32 (out, in, 3, 3)}; kept */
    WinogradConvolution(Tensor plain) {
        this.plain = TensorScope.own(new Tensor(plain));
        this.points = TensorScope.compute(() -> {
            Tensor g = Tensors.ofDoubles(WEIGHT_TO_POINTS)
                    .to(ScalarType.Double)
                    .div(new Scalar(24.0))
                    .view(WinogradLoops.REACH, 3);
            Tensor spread = einsum(
                            "xi,ocij,yj->xyoc",
                            new TensorVector(g, plain.detach().to(ScalarType.Double), g))
                    .to(ScalarType.Float)
                    .flatten(0, 1);
            return IntStream.range(0, WinogradLoops.POINTS)
                    .mapToObj(p -> new PackedLinear(spread.select(0, p).contiguous(), MANY_TILES))
                    .toList();
        });
    }

    @Override
    public Tensor weight() {
        return plain;
    }

    @Override
    public Tensor forward(Tensor sample, @Nullable Tensor bias) {
        return TensorScope.keepResult(() -> {
            Tensor result = Tensors.empty(
                            ScalarType.Float, sample.size(0), sample.size(2), sample.size(3), plain.size(0))
                    .permute(0, 3, 1, 2);
            new WinogradRun(points, sample.contiguous(MemoryFormat.ChannelsLast), result, bias, false).all();
            return result;
        });
    }

    @Override
    public void addTo(Tensor sum, Tensor sample, @Nullable Tensor bias) {
        TensorScope.run(
                () -> new WinogradRun(points, sample.contiguous(MemoryFormat.ChannelsLast), sum, bias, true).all());
    }

    @Override
    public void close() {
        points.forEach(PackedLinear::close);
        plain.close();
    }
}
