// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.processor.SpeedProbe;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code sample} says at its end.
 *
 * @param json whether as one JSON object
 */
record SampleReport(PrintWriter to, boolean json, Path out) {
    private static final double LARGE = 1e9;

    /** Before anything is computed, where that will take a while: how long about, and how much memory. */
    static void expected(DrawingJob job, PrintWriter err) {
        DiffusionPipeline pipeline = job.pipeline();
        pipeline.estimate(job.request())
                .filter(estimate -> estimate.peakBytes() >= LARGE)
                .ifPresent(estimate -> err.printf(
                        Locale.ROOT,
                        "diffuse: %s %s and %.1f GB of memory%s%n",
                        estimate.isLeast() ? "at least" : "about",
                        Times.about(estimate.seconds(SpeedProbe.current(), pipeline.precision())),
                        estimate.peakBytes() / 1e9,
                        Boolean.TRUE.equals(job.request().canvas().tiles())
                                ? "; pictures are encoded and decoded in tiles, as the memory that is free asks for, and differ a little"
                                : ""));
    }

    /** Of pictures. */
    void drawn(DrawingJob job, SampleFiles files, double seconds) {
        if (json) {
            Map<String, @Nullable Object> all = facts(job, seconds);
            all.put(
                    "pictures",
                    IntStream.range(0, files.written())
                            .mapToObj(index -> out.resolve(String.format(Locale.ROOT, "%04d.png", index))
                                    .toString())
                            .toList());
            files.others().forEach((what, file) -> all.put(what, file.toString()));
            to.print(Json.pretty(all));
            to.flush();
            return;
        }
        to.printf(
                Locale.ROOT,
                "%d %s in %s (%s, %d steps, %s, seed %d, %s)%n",
                files.written(),
                files.written() == 1 ? "picture" : "pictures",
                out,
                job.pipeline().scheduler().algorithm().key(),
                job.request().steps(),
                job.pipeline().precision().key(),
                job.request().seed(),
                Times.text(seconds));
        files.others().forEach((what, file) -> to.printf("the %-7s %s%n", what, file));
        if (!files.lossSummary().isEmpty()) {
            to.println(files.lossSummary());
        }
    }

    /** Of a sweep. */
    void swept(DrawingJob job, List<Double> scales, double seconds) {
        Path png = out.resolve("sweep.png");
        if (json) {
            Map<String, @Nullable Object> all = facts(job, seconds);
            all.put("sweep", png.toString());
            all.put("gif", out.resolve("sweep.gif").toString());
            all.put("guidance_scales", scales);
            to.print(Json.pretty(all));
            to.flush();
            return;
        }
        to.printf(
                Locale.ROOT,
                "%d rows of %d pictures in %s and sweep.gif (%s, %d steps, seed %d)%n",
                scales.size(),
                job.request().count(),
                png,
                job.pipeline().scheduler().algorithm().key(),
                job.request().steps(),
                job.request().seed());
        for (int row = 0; row < scales.size(); row++) {
            to.printf(
                    "row %d: guidance scale %s (w %s)%n",
                    row + 1, number(scales.get(row)), number(scales.get(row) - 1));
        }
    }

    private static Map<String, @Nullable Object> facts(DrawingJob job, double seconds) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("scheduler", job.pipeline().scheduler().algorithm().key());
        all.put("dtype", job.pipeline().precision().key());
        all.put("device", job.pipeline().deviceName());
        all.put("model_hash", job.pipeline().modelHash());
        all.put("seconds", seconds);
        all.put("request", Records.toMap(job.request()));
        return all;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value).replaceAll("\\.?0+$", "");
    }
}
