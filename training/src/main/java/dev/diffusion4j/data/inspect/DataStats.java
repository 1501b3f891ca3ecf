// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.data.Dataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What a data set holds, found by reading all of it.
 *
 * @param count how many pictures, broken ones included
 * @param classes how many readable pictures each class has, in the classes' order; empty where there are none
 * @param captions how many readable pictures have a caption
 * @param minWidth the smallest width in pixels, and so on; 0 where no picture can be read
 * @param channels 1 where all pictures are grey, otherwise 3
 * @param mean of each channel over all pixels, in [0, 1]
 * @param std standard deviation of the same
 * @param broken file and reason of each picture that cannot be read
 */
public record DataStats(
        String description,
        int count,
        Map<String, Integer> classes,
        int captions,
        int minWidth,
        int maxWidth,
        int minHeight,
        int maxHeight,
        int channels,
        List<Double> mean,
        List<Double> std,
        List<String> broken) {

    /**
     * Reads every picture once.
     *
     * @param threads how many do so at a time
     */
    public static DataStats of(Dataset dataset, int threads) {
        ExecutorService pool = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "diffusion4j-stats");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<PixelSums>> parts = new ArrayList<>();
            int step = Math.max(1, Math.min(256, dataset.size() / threads));
            for (int from = 0; from < dataset.size(); from += step) {
                int start = from;
                int end = Math.min(dataset.size(), from + step);
                parts.add(pool.submit(() -> PixelSums.of(dataset, start, end)));
            }
            PixelSums all = new PixelSums(dataset);
            for (Future<PixelSums> part : parts) {
                all.add(part.get());
            }
            return all.stats();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException known) {
                throw known;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while reading " + dataset.description());
        } finally {
            pool.shutdown();
        }
    }

    /** The same in a few lines, for people. */
    public String text() {
        List<String> lines = new ArrayList<>();
        lines.add(description + ": " + count + " pictures, " + (channels == 1 ? "grey" : "RGB"));
        lines.add("width " + range(minWidth, maxWidth) + ", height " + range(minHeight, maxHeight));
        lines.add("mean " + numbers(mean) + ", std " + numbers(std) + " (levels in [0, 1])");
        if (!classes.isEmpty()) {
            List<String> counts = new ArrayList<>();
            classes.forEach((name, number) -> counts.add(name + " " + number));
            lines.add(classes.size() + " classes: " + String.join(", ", counts));
        }
        if (captions > 0) {
            lines.add(captions + " captions");
        }
        if (!broken.isEmpty()) {
            lines.add(broken.size() + " cannot be read:");
            broken.forEach(reason -> lines.add("  " + reason));
        }
        return String.join(System.lineSeparator(), lines);
    }

    private static String range(int low, int high) {
        return low == high ? String.valueOf(low) : low + " to " + high;
    }

    private static String numbers(List<Double> values) {
        return String.join(
                " ",
                values.stream()
                        .map(value -> String.format(Locale.ROOT, "%.4f", value))
                        .toList());
    }

    /** An empty tally under each class's name; equal names share one. */
    static Map<String, Integer> tally(List<String> classNames, int[] counts) {
        Map<String, Integer> classes = new LinkedHashMap<>();
        for (int i = 0; i < classNames.size(); i++) {
            classes.merge(classNames.get(i), counts[i], Integer::sum);
        }
        return classes;
    }
}
