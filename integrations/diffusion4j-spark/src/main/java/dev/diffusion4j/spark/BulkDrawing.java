// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * Draws requests in bulk. Each is the JSON of a picture's note, or what matters of it ({@link dev.diffusion4j.drawing.NoteRequest}), and gives a row
 * for each of its pictures, in order. A picture is that of {@code diffuse sample} with the same seed, batch and threads, on whatever executor it is
 * drawn and however often its task is run.
 *
 * <pre>{@code
 * Dataset<Row> pictures = BulkDrawing.with("models/sd15").generate(spark.read().textFile("requests.jsonl"));
 * pictures.write().parquet("pictures.parquet");
 * }</pre>
 *
 * @param models by the names that requests use, the usual one first; also found by their places
 * @param workers pictures' requests that an executor draws at the same time, each on a native thread that stays; its other tasks wait
 * @param threads over how many threads an operation of a worker is spread; 0 for an equal share of what LibTorch takes by itself
 * @param folder where pictures are written as files, in place of the column: one that all executors see; {@code null} for the column
 * @param stopping whether a request that cannot be drawn fails the job, in place of a row that says why
 */
public record BulkDrawing(
        Map<String, BulkModel> models, int workers, int threads, @Nullable String folder, boolean stopping)
        implements Serializable {

    public BulkDrawing {
        models = Collections.unmodifiableMap(new LinkedHashMap<>(models));
        Check.that(!models.isEmpty(), "{models} must name at least one");
        Check.positive(workers, "{workers}");
        Check.notNegative(threads, "{threads}");
        Check.that(folder == null || !folder.isBlank(), "{folder} must not be empty");
    }

    /** With the model at a place, which is also its name, on the CPU in f32: one request at a time on each executor. */
    public static BulkDrawing with(String place) {
        return new BulkDrawing(Map.of(place, BulkModel.at(place)), 1, 0, null, false);
    }

    /** {@code drawing.with(d -> d.folder = "/shared/pictures")}: the result is checked anew. */
    public BulkDrawing with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /**
     * Says what is to be drawn; it is when the rows are asked for, and again each time they are: write them, or persist them. Whether the models are
     * there is looked at now, on one executor.
     *
     * @param requests texts, or rows with a text column {@code request}, whose other columns stay
     * @return the columns of {@code requests}, then {@code index} (which picture of the request), {@code seed}, {@code picture} (a PNG with its note;
     *     {@code null} where there is a folder), {@code file} ({@code null} where there is none) and {@code error}: why a request gives no picture, in
     *     one line, with nulls in the other columns
     * @throws Problem (a failure) where a model is not there; (a wrong request) where there is no such column, or one has the name of a result
     */
    public Dataset<Row> generate(Dataset<?> requests) {
        DrawnRows form = DrawnRows.of(requests.schema());
        Dataset<Row> rows = form.named(requests);
        OnExecutor.closeAtEnd(rows.sparkSession());
        DrawingEngine.check(rows.sparkSession(), this);
        return rows.mapPartitions(new DrawTask(this, form), form.encoder());
    }

    /**
     * The name of the model that a request means.
     *
     * @throws Problem (a wrong request) where there is none of that name or place
     */
    String nameOf(@Nullable String asked) {
        if (asked == null) {
            return models.keySet().iterator().next();
        }
        return models.containsKey(asked)
                ? asked
                : models.entrySet().stream()
                        .filter(entry -> entry.getValue().place().equals(asked))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElseThrow(() -> Problem.request("there is no {model} '" + asked + "': there "
                                + (models.size() == 1 ? "is " : "are ") + String.join(", ", models.keySet())));
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public Map<String, BulkModel> models;
        public int workers;
        public int threads;
        public @Nullable String folder;
        public boolean stopping;

        private Draft(BulkDrawing from) {
            models = from.models;
            workers = from.workers;
            threads = from.threads;
            folder = from.folder;
            stopping = from.stopping;
        }

        private BulkDrawing done() {
            return new BulkDrawing(models, workers, threads, folder, stopping);
        }
    }
}
