// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.FolderSink;
import dev.diffusion4j.drawing.GridSink;
import dev.diffusion4j.drawing.PictureSink;
import dev.diffusion4j.drawing.TensorSink;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Film;
import dev.diffusion4j.pipeline.LossTrace;
import dev.diffusion4j.pipeline.StepChoice;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.Trace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files that one {@code sample} writes, each at its time: pictures as they are drawn, the others at the end. */
final class SampleFiles implements AutoCloseable {
    private static final int FILM_FRAMES = 12;

    private final Path out;
    private final FolderSink pictures;
    private final List<PictureSink> sinks = new ArrayList<>();
    private final Map<String, Path> files = new LinkedHashMap<>();
    private final LossTrace losses = new LossTrace();
    private final @Nullable Film film;
    private final @Nullable Trace trace;

    SampleFiles(SampleOutputs outputs, DrawingJob job) {
        out = outputs.out;
        pictures = new FolderSink(out);
        sinks.add(pictures);
        if (outputs.grid) {
            sinks.add(new GridSink(named("grid", "grid.png"), job.perRow()));
        }
        film = outputs.film ? new Film(FILM_FRAMES, job.pipeline().codec(), job.firstPicture()) : null;
        trace = outputs.trace == null
                ? null
                : new Trace(StepChoice.evenly(outputs.trace), job.pipeline().codec());
        if (outputs.saveTensors != null) {
            sinks.add(new TensorSink(outputs.saveTensors));
            files.put("tensors", outputs.saveTensors);
        }
    }

    private Path named(String what, String name) {
        Path file = out.resolve(name);
        files.put(what, file);
        return file;
    }

    PictureSink sink() {
        return PictureSink.toAll(sinks);
    }

    StepListener listener() {
        StepListener all = losses;
        all = film == null ? all : all.andThen(film);
        return trace == null ? all : all.andThen(trace);
    }

    /** Writes what is known at the end only. */
    void finish() {
        if (film != null) {
            PngFile.write(named("film", "film.png"), film.strip());
        }
        if (trace != null) {
            PngFile.write(named("trace", "trace.png"), trace.grid());
        }
        if (losses.isEmpty()) {
            LossTrace.delete(out.resolve("guidance.csv"));
        } else {
            losses.write(named("losses", "guidance.csv"));
        }
    }

    /** How many pictures were written so far. */
    int written() {
        return pictures.written();
    }

    /** What was written besides pictures, by what it is. */
    Map<String, Path> others() {
        return files;
    }

    /** The losses of guides in lines of text; empty where nothing steered. */
    String lossSummary() {
        return losses.isEmpty() ? "" : losses.summary();
    }

    @Override
    public void close() {
        sinks.forEach(PictureSink::close);
    }
}
