// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.evaluation.KidSettings;
import dev.diffusion4j.metric.Figure;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Scores pictures in bulk: KID and FID against real ones. They are the figures of {@code diffuse eval} on the same pictures, however these lie in
 * partitions, because pictures are put in an order, looked at in the same batches, and what is summed up is summed up in that order.
 *
 * <pre>{@code
 * BulkScoring scoring = BulkScoring.by(BulkExtractor.inception("/shared/pt_inception.pth"));
 * try (BulkFeatures real = scoring.with(s -> {
 *         s.pictures = "content";
 *         s.names = "path";
 *     }).features(spark.read().format("binaryFile").load("/shared/real"), "real")) {
 *     List<Figure> figures = scoring.score(pictures, "drawn", real);
 * }
 * }</pre>
 *
 * @param extractor in whose features distances are measured
 * @param kid over which subsets a KID is taken
 * @param pictures the column that they are in: files' bytes, or their paths, which all executors see
 * @param names the column of their names, by which they are ordered: texts or whole numbers; {@code null} for their paths, or where there are none, for
 *     their pixels' hash. A KID's subsets depend on the order
 */
public record BulkScoring(BulkExtractor extractor, KidSettings kid, String pictures, @Nullable String names) {

    public BulkScoring {
        Check.that(!pictures.isBlank(), "{pictures} must name a column");
    }

    /** Of the pictures that {@link BulkDrawing} draws into a column, over torch-fidelity's subsets. */
    public static BulkScoring by(BulkExtractor extractor) {
        return new BulkScoring(extractor, KidSettings.DEFAULT, "picture", null);
    }

    /** {@code scoring.with(s -> s.pictures = "file")}: the result is checked anew. */
    public BulkScoring with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /**
     * Looks at pictures, now; each is decoded twice and computed with once. Pictures that cannot be read are left out, and logged by executors; so are the
     * sheets that {@code diffuse sample} writes beside its pictures, where there are names.
     *
     * @param rows with such columns
     * @param description what they are, for people
     * @return to be closed by the caller
     * @throws Problem (a wrong request) where there are no such columns; (a failure) where the network cannot be read, or not a single picture
     */
    public BulkFeatures features(Dataset<Row> rows, String description) {
        return FeatureJob.run(rows, this, description);
    }

    /**
     * Features that {@link BulkFeatures#save} has written, or that {@code diffuse eval} keeps.
     *
     * @param file on the driver's machine
     * @return to be closed by the caller
     * @throws Problem (a failure) where there is no such file
     */
    public static BulkFeatures open(SparkSession session, Path file) {
        return BulkFeatures.open(session, file);
    }

    /**
     * Scores pictures.
     *
     * @param description what they are, for people
     * @param reference real ones, looked at by the same extractor
     * @return KID and FID
     * @throws Problem (a wrong request) where there are too few, or the extractors differ; as {@link #features}
     */
    public List<Figure> score(Dataset<Row> rows, String description, BulkFeatures reference) {
        try (BulkFeatures own = features(rows, description)) {
            return own.figures(reference, kid);
        }
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public BulkExtractor extractor;
        public KidSettings kid;
        public String pictures;
        public @Nullable String names;

        private Draft(BulkScoring from) {
            extractor = from.extractor;
            kid = from.kid;
            pictures = from.pictures;
            names = from.names;
        }

        private BulkScoring done() {
            return new BulkScoring(extractor, kid, pictures, names);
        }
    }
}
