// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.drawing.NoteRequest;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.JobResult;
import dev.diffusion4j.service.ServiceRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/** Draws the requests of a partition, one after the other, with what its executor draws with. */
record DrawTask(BulkDrawing drawing, DrawnRows form) implements MapPartitionsFunction<Row, Row> {
    private static final int HASH_DIGITS = 16;

    /** Ends a drawing within a step once its task is to end, which Spark tells by no interrupt. */
    private record Watch(TaskContext task) implements JobListener {
        @Override
        public void onProgress(Job job, JobProgress progress) {
            if (task.isInterrupted()) {
                job.cancel();
            }
        }
    }

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
        DiffusionService service = DrawingEngine.service(drawing);
        Watch watch = new Watch(TaskContext.get());
        Iterable<Row> given = () -> rows;
        return StreamSupport.stream(given.spliterator(), false)
                .flatMap(row -> drawn(row, service, watch).stream())
                .iterator();
    }

    private List<Row> drawn(Row row, DiffusionService service, JobListener listener) {
        String text = form.request(row);
        JobResult result;
        NoteRequest note;
        try {
            if (text == null) {
                throw Problem.request("the request is missing");
            }
            note = NoteRequest.parse(text, "the request");
            try (Job job = service.submit(request(note), listener)) {
                result = job.await();
            }
        } catch (Problem | IllegalArgumentException e) {
            return List.of(form.error(row, said(e, text)));
        }
        List<Row> all = new ArrayList<>();
        for (FinishedPicture picture : result.pictures()) {
            if (note.index() == null || note.index() == picture.index()) {
                all.add(row(row, text, result.request().canvas().seedOf(picture.index()), picture));
            }
        }
        return all;
    }

    /** @throws Problem where such a request is to end the job */
    private String said(RuntimeException why, @Nullable String text) {
        String line = Worded.message(why, DrawTask::name)
                .lines()
                .findFirst()
                .orElse(why.getClass().getSimpleName());
        if (drawing.stopping()) {
            throw Problem.failure(line + "; of the request " + text);
        }
        return line;
    }

    /** As the JSON of a request has it. */
    private static String name(String field) {
        return '"' + field.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT) + '"';
    }

    private ServiceRequest request(NoteRequest note) {
        String name = drawing.nameOf(note.model());
        BulkModel model = java.util.Objects.requireNonNull(drawing.models().get(name));
        checkFiles(note.files(), model.files());
        return ServiceRequest.of(note.request()).with(r -> {
            r.model = name;
            r.loras = model.further(note.loras());
            r.guidances = guides(note.guides());
            r.scheduler = note.scheduler();
        });
    }

    /** What a model is loaded with is the same for all requests. */
    private static void checkFiles(Map<String, Object> asked, Map<String, Object> loaded) {
        asked.forEach((key, value) -> {
            if (!value.equals(loaded.get(key))) {
                throw Problem.request("\"" + key + "\" is " + value + ", but the model is drawn with "
                        + loaded.getOrDefault(key, "none") + ": give it where the model is named");
            }
        });
    }

    private static List<LossGuidance> guides(List<String> texts) {
        for (String text : texts) {
            if (!GuideKit.isPlain(text)) {
                throw Problem.request(
                        "the guide '" + text + "' needs a network or a file of its own, which bulk drawing "
                                + "does not load; without are: " + String.join(", ", GuideKit.plainNames()));
            }
        }
        try (GuideKit kit = new GuideKit()) { // which owns nothing of these
            return kit.parseAll(texts);
        }
    }

    private Row row(Row of, String text, long seed, FinishedPicture picture) {
        byte[] png = picture.png();
        if (drawing.folder() == null) {
            return form.picture(of, picture.index(), seed, png, null);
        }
        Path file = Path.of(drawing.folder()).resolve(fileName(text, picture.index()));
        AtomicFile.write(file, out -> out.write(png));
        return form.picture(of, picture.index(), seed, null, file.toString());
    }

    /** The same whichever task draws it and however often, and another for another request or model. */
    private String fileName(String text, int index) {
        String hash = Hashes.sha256(text + '\n' + drawing.models()).substring(0, HASH_DIGITS);
        return String.format(Locale.ROOT, "%s-%04d.png", hash, index);
    }
}
