// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.kernel.WinogradLoops;
import dev.diffusion4j.processor.PackedLinear;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** One call of a {@link WinogradConvolution}: bands of strips, so that what is between the loops stays in the cache. */
final class WinogradRun {
    /** Numbers between the loops at a time, about: 16 MiB. */
    static final long BAND = 1 << 22;

    private final List<PackedLinear> points;
    private final Tensor sample;
    private final Tensor result;
    private final boolean adds;
    private final float[] bias;
    private final int in;
    private final int out;
    private final int height;
    private final int width;
    private final int tiles;
    private final int stripsOfPicture;

    /** @param adds whether to add to {@code result} instead of replacing it */
    WinogradRun(List<PackedLinear> points, Tensor sample, Tensor result, @Nullable Tensor bias, boolean adds) {
        this.points = points;
        this.sample = sample;
        this.result = result;
        this.adds = adds;
        in = (int) sample.size(1);
        out = (int) result.size(1);
        height = (int) sample.size(2);
        width = (int) sample.size(3);
        tiles = (width + WinogradLoops.SIDE - 1) / WinogradLoops.SIDE;
        stripsOfPicture = (height + WinogradLoops.SIDE - 1) / WinogradLoops.SIDE;
        this.bias = bias == null ? new float[out] : Tensors.floats(bias);
    }

    void all() {
        int strips = (int) sample.size(0) * stripsOfPicture;
        long numbers = (long) WinogradLoops.POINTS * tiles * Math.max(in, out);
        int atOnce = (int) Math.max(Math.min(strips, Parallel.parts()), Math.min(strips, BAND / numbers));
        for (int first = 0; first < strips; first += atOnce) {
            band(first, Math.min(atOnce, strips - first));
        }
    }

    private void band(int first, int strips) {
        TensorScope.run(() -> {
            Tensor spread = Tensors.empty(ScalarType.Float, WinogradLoops.POINTS, (long) strips * tiles, in);
            Parallel.run(strips, (from, to, part) -> {
                Strip strip = new Strip();
                try (FloatPointer source = new FloatPointer(sample.data_ptr());
                        FloatPointer target = new FloatPointer(spread.data_ptr())) {
                    for (int i = from; i < to; i++) {
                        strip.before(source, first + i, target, i, strips);
                    }
                }
            });
            Tensor[] products = new Tensor[WinogradLoops.POINTS];
            for (int p = 0; p < products.length; p++) {
                products[p] = points.get(p).forward(spread.select(0, p), null);
            }
            Parallel.run(strips, (from, to, part) -> {
                Strip strip = new Strip();
                for (int i = from; i < to; i++) {
                    strip.after(products, i, first + i);
                }
            });
        });
    }

    /** A thread's part of a loop. */
    private final class Strip {
        private final float[] rows;
        private final float[] numbers;

        Strip() {
            Scratch own = Scratch.OF_THREAD.get();
            int most = Math.max(in, out);
            int side = WinogradLoops.SIDE;
            rows = own.rows(Math.max(WinogradLoops.REACH * WinogradLoops.width(tiles) * in, side * side * tiles * out));
            numbers = own.numbers(WinogradLoops.POINTS * tiles * most);
        }

        /** Reads the pixels that a strip depends on, zeros around the picture, and writes its numbers at place {@code at} of a band. */
        void before(FloatPointer source, int strip, FloatPointer target, int at, int strips) {
            long picture = (long) (strip / stripsOfPicture) * height * width * in;
            int top = strip % stripsOfPicture * WinogradLoops.SIDE - 1;
            int line = WinogradLoops.width(tiles) * in;
            Arrays.fill(rows, 0, WinogradLoops.REACH * line, 0f);
            for (int i = 0; i < WinogradLoops.REACH; i++) {
                if (top + i >= 0 && top + i < height) {
                    source.position(picture + (long) (top + i) * width * in).get(rows, i * line + in, width * in);
                }
            }
            WinogradLoops.before(rows, tiles, in, numbers);
            int plane = tiles * in;
            for (int p = 0; p < WinogradLoops.POINTS; p++) {
                target.position(((long) p * strips + at) * plane).put(numbers, p * plane, plane);
            }
        }

        void after(Tensor[] products, int at, int strip) {
            int plane = tiles * out;
            for (int p = 0; p < products.length; p++) {
                try (FloatPointer source = new FloatPointer(products[p].data_ptr())) {
                    source.position((long) at * plane).get(numbers, p * plane, plane);
                }
            }
            WinogradLoops.after(numbers, tiles, out, bias, rows);
            int top = strip % stripsOfPicture * WinogradLoops.SIDE;
            long picture = (long) (strip / stripsOfPicture) * height * width * out;
            try (FloatPointer target = new FloatPointer(result.data_ptr())) {
                for (int i = 0; i < WinogradLoops.SIDE && top + i < height; i++) {
                    target.position(picture + (long) (top + i) * width * out);
                    write(target, i * WinogradLoops.SIDE * tiles * out);
                }
            }
        }

        private void write(FloatPointer target, int at) {
            int count = width * out;
            if (adds) {
                target.get(numbers, 0, count);
                for (int i = 0; i < count; i++) {
                    rows[at + i] += numbers[i];
                }
            }
            target.put(rows, at, count);
        }
    }

    /** Arrays that a thread keeps. */
    private static final class Scratch {
        static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

        private float[] rows = {};
        private float[] numbers = {};

        float[] rows(int count) {
            rows = rows.length < count ? new float[count] : rows;
            return rows;
        }

        float[] numbers(int count) {
            numbers = numbers.length < count ? new float[count] : numbers;
            return numbers;
        }
    }
}
