// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import java.util.ArrayList;
import java.util.List;

/** Adds up what {@link DataStats} reports, in whole numbers, so that the order does not matter. */
final class PixelSums {
    private final Dataset dataset;
    private final int[] classes;
    private int captions;
    private int minWidth = Integer.MAX_VALUE;
    private int maxWidth;
    private int minHeight = Integer.MAX_VALUE;
    private int maxHeight;
    private int channels = 1;
    private long pixels;
    private final long[] sums = new long[3];
    private final long[] squares = new long[3];
    private final List<String> broken = new ArrayList<>();

    PixelSums(Dataset dataset) {
        this.dataset = dataset;
        this.classes = new int[dataset.classNames().size()];
    }

    static PixelSums of(Dataset dataset, int from, int to) {
        PixelSums sums = new PixelSums(dataset);
        for (int i = from; i < to; i++) {
            try {
                sums.add(dataset.example(i));
            } catch (BrokenExampleException e) {
                sums.broken.add(String.valueOf(e.getMessage()));
            }
        }
        return sums;
    }

    private void add(Example example) {
        PixelImage image = example.image();
        minWidth = Math.min(minWidth, image.width());
        maxWidth = Math.max(maxWidth, image.width());
        minHeight = Math.min(minHeight, image.height());
        maxHeight = Math.max(maxHeight, image.height());
        channels = Math.max(channels, image.channels());
        captions += example.caption() == null ? 0 : 1;
        if (example.label() >= 0 && example.label() < classes.length) {
            classes[example.label()]++;
        }
        pixels += (long) image.width() * image.height();
        int step = image.channels();
        for (int c = 0; c < 3; c++) {
            int offset = step == 1 ? 0 : c;
            for (int i = offset; i < image.length(); i += step) {
                int level = image.pixels()[i] & 0xff;
                sums[c] += level;
                squares[c] += (long) level * level;
            }
        }
    }

    void add(PixelSums other) {
        minWidth = Math.min(minWidth, other.minWidth);
        maxWidth = Math.max(maxWidth, other.maxWidth);
        minHeight = Math.min(minHeight, other.minHeight);
        maxHeight = Math.max(maxHeight, other.maxHeight);
        channels = Math.max(channels, other.channels);
        captions += other.captions;
        pixels += other.pixels;
        for (int i = 0; i < classes.length; i++) {
            classes[i] += other.classes[i];
        }
        for (int c = 0; c < 3; c++) {
            sums[c] += other.sums[c];
            squares[c] += other.squares[c];
        }
        broken.addAll(other.broken);
    }

    DataStats stats() {
        List<Double> mean = new ArrayList<>();
        List<Double> std = new ArrayList<>();
        double n = Math.max(1, pixels);
        for (int c = 0; c < channels; c++) {
            double average = sums[c] / n;
            mean.add(average / 255);
            std.add(Math.sqrt(Math.max(0, squares[c] / n - average * average)) / 255);
        }
        return new DataStats(
                dataset.description(),
                dataset.size(),
                DataStats.tally(dataset.classNames(), classes),
                captions,
                pixels == 0 ? 0 : minWidth,
                maxWidth,
                pixels == 0 ? 0 : minHeight,
                maxHeight,
                channels,
                List.copyOf(mean),
                List.copyOf(std),
                List.copyOf(broken));
    }
}
