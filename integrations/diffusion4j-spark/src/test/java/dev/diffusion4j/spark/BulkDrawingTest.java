// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two tasks at a time in one process, each tried four times. */
class BulkDrawingTest {
    private static final String MODEL = "../../core/src/test/resources/golden/tiny-sd";

    private static SparkSession spark;

    @BeforeAll
    static void open() {
        spark = LocalSpark.open("local[2,4]", "JavaSerializer");
    }

    @AfterAll
    static void nothing_is_open_once_the_application_has_ended() {
        spark.stop();
        assertThat(OnExecutor.open()).isZero();
    }

    private static BulkDrawing tiny() {
        return BulkDrawing.with(MODEL);
    }

    private static Dataset<String> requests(String... requests) {
        return spark.createDataset(List.of(requests), Encoders.STRING()).repartition(2);
    }

    private static String cat(int seed, int count) {
        return "{'scheduler': 'ddim', 'request': {'subject': {'prompts': [%s]}, 'canvas': {'seed': %d, 'count': %d}, 'sampling': {'steps': 2}}}"
                .formatted(String.join(", ", java.util.Collections.nCopies(count, "'a red cat'")), seed, count)
                .replace('\'', '"');
    }

    /** The files that the command writes. */
    private static List<byte[]> drawn(int seed, int count) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompts(java.util.Collections.nCopies(count, "a red cat"))
                        .count(count)
                        .seed(seed)
                        .steps(2));
        List<byte[]> files = new ArrayList<>();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Path.of(MODEL));
                DrawingJob job = DrawingJob.of(pipeline.withScheduler(SchedulerKind.DDIM), request, Path.of(MODEL))) {
            job.draw(
                    picture -> files.add(PngFile.bytes(picture.image(), picture.notes())),
                    StepListener.NONE,
                    new Cancellation());
        }
        return files;
    }

    private static List<byte[]> pictures(List<Row> rows) {
        return rows.stream().map(row -> row.<byte[]>getAs("picture")).toList();
    }

    private static List<Row> sorted(Dataset<Row> rows) {
        return rows.orderBy("request", "index").collectAsList();
    }

    @Test
    void pictures_are_those_of_the_command_and_the_model_is_read_once() throws IOException {
        int before = OnExecutor.opened();
        List<Row> rows = sorted(tiny().generate(requests(cat(5, 2), cat(8, 1), cat(9, 1))));
        assertThat(rows).extracting(row -> row.getAs("seed")).containsExactly(5L, 6L, 8L, 9L);
        assertThat(rows).extracting(row -> row.getAs("index")).containsExactly(0, 1, 0, 0);
        assertThat(pictures(rows).get(0)).isEqualTo(drawn(5, 2).get(0));
        assertThat(pictures(rows).get(1)).isEqualTo(drawn(5, 2).get(1));
        assertThat(pictures(rows).get(3)).isEqualTo(drawn(9, 1).get(0));

        String note = PngFile.readNotes(new ByteArrayInputStream(pictures(rows).get(1)), "the picture")
                .get("diffusion4j");
        List<Row> again = tiny().generate(requests(note)).collectAsList();
        assertThat(pictures(again))
                .usingRecursiveComparison()
                .isEqualTo(List.of(pictures(rows).get(1)));
        assertThat(OnExecutor.opened() - before).isLessThanOrEqualTo(1);
    }

    @Test
    void a_lost_task_draws_the_same_pictures_again_into_the_same_files(@TempDir Path folder) throws IOException {
        Dataset<Row> lost = requests(cat(1, 1), cat(2, 1), cat(3, 1), cat(4, 2))
                .coalesce(1)
                .map(
                        (MapFunction<String, String>) text -> {
                            if (text.contains("\"seed\": 3")
                                    && TaskContext.get().attemptNumber() < 2) {
                                throw new IllegalStateException("the machine is gone");
                            }
                            return text;
                        },
                        Encoders.STRING())
                .toDF("request")
                .withColumn("number", functions.lit(7));
        BulkDrawing files = tiny().with(d -> d.folder = folder.toString());
        List<Row> rows = sorted(files.generate(lost));
        List<byte[]> expected = new ArrayList<>();
        for (int seed = 1; seed < 4; seed++) {
            expected.addAll(drawn(seed, 1));
        }
        expected.addAll(drawn(4, 2));
        List<byte[]> written = new ArrayList<>();
        for (Row row : rows) {
            assertThat(row.<Object>getAs("picture")).isNull();
            assertThat(row.<Integer>getAs("number")).isEqualTo(7);
            written.add(Files.readAllBytes(Path.of(row.<String>getAs("file"))));
        }
        assertThat(written)
                .usingElementComparator(java.util.Arrays::compare)
                .containsExactlyInAnyOrderElementsOf(expected);
        try (Stream<Path> there = Files.list(folder)) {
            assertThat(there).hasSize(5);
        }
    }

    @Test
    void a_request_that_cannot_be_drawn_is_a_row_with_one_line() {
        String[] bad = {
            "no json",
            "{\"requst\": {}}",
            cat(1, 1).replace("\"steps\": 2", "\"steps\": -1"),
            cat(1, 1).replace("\"scheduler\"", "\"model\": \"large\", \"scheduler\""),
            cat(1, 1).replace("\"ddim\"", "\"dim\""),
            cat(1, 1).replace("\"scheduler\"", "\"guides\": [\"clip=a rose:8\"], \"scheduler\""),
            cat(1, 1).replace("\"scheduler\"", "\"vae\": \"other\", \"scheduler\""),
            cat(1, 1).replace("\"scheduler\"", "\"index\": 1, \"scheduler\""),
            "{\"request\": {\"subject\": {\"classes\": [3]}}}"
        };
        List<String> all = new ArrayList<>(List.of(bad));
        all.add(cat(6, 1));
        List<Row> rows = spark.createDataset(all, Encoders.STRING())
                .coalesce(1)
                .toDF()
                .transform(tiny()::generate)
                .collectAsList();
        assertThat(rows)
                .extracting(row -> row.getAs("error"))
                .satisfiesExactly(
                        line -> assertThat(line).asString().startsWith("the request is not JSON"),
                        line -> assertThat(line).asString().contains("unknown key 'requst' (did you mean 'request'?)"),
                        line -> assertThat(line)
                                .asString()
                                .contains("\"steps\" must be")
                                .contains("-1"),
                        line -> assertThat(line)
                                .asString()
                                .contains("there is no \"model\" 'large'")
                                .contains("tiny-sd"),
                        line -> assertThat(line)
                                .asString()
                                .contains("unknown \"scheduler\" 'dim' (did you mean 'ddim'?)"),
                        line -> assertThat(line)
                                .asString()
                                .contains("'clip=a rose:8' needs a network")
                                .contains("brightness"),
                        line -> assertThat(line).asString().contains("\"vae\" is other"),
                        line -> assertThat(line)
                                .asString()
                                .contains("\"index\" must be from 0 to 0")
                                .contains("1"),
                        line -> assertThat(line).asString().contains("classes"),
                        line -> assertThat(line).isNull());
        assertThat(rows)
                .extracting(row -> row.<Object>getAs("error"))
                .allSatisfy(line ->
                        assertThat(String.valueOf(line)).doesNotContain("\n").doesNotContain("{"));
        assertThat(pictures(rows).get(9)).isEqualTo(drawn(6, 1).get(0));
        assertThatThrownBy(() -> tiny().with(d -> d.stopping = true)
                        .generate(requests(bad[1]))
                        .collect())
                .hasMessageContaining("unknown key 'requst'");
    }

    @Test
    void a_model_that_is_missing_and_columns_that_do_not_fit_are_said_at_once() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> BulkDrawing.with("/nowhere/model").generate(requests(cat(1, 1))))
                .withMessageContaining("/nowhere/model")
                .withMessageNotContaining("\n");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> tiny().generate(spark.range(2).toDF()))
                .withMessage(
                        "requests must be texts, or rows with a text column 'request', but were struct<id:bigint>");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> tiny().generate(tiny().generate(requests(cat(1, 1)))))
                .withMessageContaining("no column 'index'");
    }
}
