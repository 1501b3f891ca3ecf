// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;
import static org.bytedeco.pytorch.global.torch.mm;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * A convolution through which something learns while its weight stays as it is, computed as one product of the weight with the pixels around each
 * pixel (im2col). With many channels and few pixels oneDNN spends most of a convolution on putting the weight in an order of its own, once for the value
 * and once for the gradient; a product reads it as it lies in memory, channels last. Nothing but the weight is kept for the gradient.
 */
final class ProductConvolution {
    /** Features for each pixel from which it is quicker; with fewer, a convolution's own kernels make up for what reordering costs. */
    private static final long FEATURES_OF_PIXEL = 5;

    /** Rows up to which the turned product is quicker; with 256, turning it back costs more than it gains. */
    private static final long MOST_TURNED = 64;

    private final BackwardTape tape;
    private final Tensor weight;
    private final Tensor matrix;
    private final @Nullable Tensor bias;
    private final long stride;
    private final long padding;

    /**
     * @param tape keeps a handle of the weight, or of what autocast makes of it
     * @param weight {@code (out, in, k, k)}, channels last; borrowed
     * @param bias {@code (out)}, borrowed, or {@code null}
     */
    ProductConvolution(BackwardTape tape, Tensor weight, @Nullable Tensor bias, long stride, long padding) {
        this.tape = tape;
        this.weight = weight;
        this.matrix = TensorScope.compute(
                () -> tape.keep(Half.of(weight).permute(0, 2, 3, 1).reshape(weight.size(0), -1)));
        this.bias = bias;
        this.stride = stride;
        this.padding = padding;
    }

    /**
     * Whether this is quicker for a call, and possible: on the CPU, in bf16, with a gradient of the sample alone. In f32 the products of LibTorch's OpenBLAS lose what
     * the order costs: a tie.
     */
    static boolean fits(Tensor sample, Tensor weight, @Nullable Tensor bias, long stride, long padding) {
        return GradMode.is_enabled()
                && sample.requires_grad()
                && !weight.requires_grad()
                && (bias == null || !bias.requires_grad())
                && Half.onCpu(sample, weight, bias)
                && weight.is_contiguous(MemoryFormat.ChannelsLast)
                && isSmall(pixels(sample, weight.size(2), stride, padding), weight.size(0));
    }

    /** @param pixels of the result; none where the sample is smaller than the kernel, which LibTorch refuses in its own words */
    private static boolean isSmall(long pixels, long features) {
        return pixels > 0 && FEATURES_OF_PIXEL * pixels <= features;
    }

    private static long pixels(Tensor sample, long kernel, long stride, long padding) {
        return sample.size(0)
                * made(sample.size(2), kernel, stride, padding)
                * made(sample.size(3), kernel, stride, padding);
    }

    private static long made(long side, long kernel, long stride, long padding) {
        return Math.floorDiv(side + 2 * padding - kernel, stride) + 1;
    }

    /**
     * @param sample (B, in, H, W) on the graph; f32 where autocast casts it
     * @return {@code bfloat16 (B, out, H', W')}, channels last, on the graph
     */
    Tensor forward(Tensor sample) {
        return TensorScope.keepResult(() -> {
            Tensor input = Half.of(sample).permute(0, 2, 3, 1);
            Windows windows = new Windows(input);
            Tensor rows = input.reshape(-1, input.size(3));
            Tensor value = value(windows, input.detach());
            return tape.recordProduct(rows, value, gradient -> windows.summed(released(mm(gradient, matrix))))
                    .view(windows.batch, windows.height, windows.width, weight.size(0))
                    .permute(0, 3, 1, 2);
        });
    }

    private Tensor value(Windows windows, Tensor input) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return product(windows.of(input));
            }
        });
    }

    /** (n, out) from (n, k·k·in); with few rows by the turned product, which reads the weight in its own order and takes 0.69 of the time with 16 rows, 0.85 with 64. */
    private Tensor product(Tensor columns) {
        Tensor shift = bias == null ? null : Half.of(bias);
        if (columns.size(0) > MOST_TURNED) {
            return shift == null ? mm(columns, matrix.t()) : addmm(shift, columns, matrix.t());
        }
        Tensor turned = shift == null ? mm(matrix, columns.t()) : addmm(shift.unsqueeze(1), matrix, columns.t());
        return turned.t().contiguous();
    }

    private Tensor released(Tensor gradient) {
        tape.release(matrix);
        return gradient;
    }

    /** Where the pixels lie that each of the result's pixels sees. */
    private final class Windows {
        final long batch;
        final long height;
        final long width;
        private final long kernel = weight.size(2);
        private final long channels;
        private final long paddedHeight;
        private final long paddedWidth;

        /** @param input (B, H, W, in); asked for its shape */
        Windows(Tensor input) {
            batch = input.size(0);
            height = made(input.size(1), kernel, stride, padding);
            width = made(input.size(2), kernel, stride, padding);
            channels = input.size(3);
            paddedHeight = input.size(1) + 2 * padding;
            paddedWidth = input.size(2) + 2 * padding;
        }

        /** (B·H'·W', k·k·in) from (B, H, W, in). */
        Tensor of(Tensor input) {
            Tensor padded = constant_pad_nd(
                            input, new long[] {0, 0, padding, padding, padding, padding}, new Scalar(0.0))
                    .contiguous();
            long row = paddedWidth * channels;
            return padded.as_strided(
                            new long[] {batch, height, width, kernel, kernel, channels},
                            new long[] {paddedHeight * row, stride * row, stride * channels, row, channels, 1})
                    .reshape(batch * height * width, -1);
        }

        /** The reverse of {@link #of}: what belongs to one pixel is added up, in f32. */
        Tensor summed(Tensor columns) {
            Tensor each = columns.view(batch, height, width, kernel, kernel, channels);
            Tensor sum = zeros(batch, paddedHeight, paddedWidth, channels);
            for (long i = 0; i < kernel; i++) {
                for (long j = 0; j < kernel; j++) {
                    window(sum, i, j).add_(each.select(3, i).select(3, j));
                }
            }
            Tensor inner =
                    sum.narrow(1, padding, paddedHeight - 2 * padding).narrow(2, padding, paddedWidth - 2 * padding);
            return Half.of(inner).reshape(-1, channels);
        }

        private Tensor window(Tensor padded, long i, long j) {
            long row = paddedWidth * channels;
            return padded.narrow(1, i, 1)
                    .narrow(2, j, 1)
                    .as_strided(
                            new long[] {batch, height, width, channels},
                            paddedHeight * row,
                            stride * row,
                            stride * channels,
                            1);
        }
    }
}
