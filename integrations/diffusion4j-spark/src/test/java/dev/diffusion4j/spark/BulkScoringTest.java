// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.source.FolderSource;
import dev.diffusion4j.evaluation.Evaluator;
import dev.diffusion4j.evaluation.KidSettings;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.metric.FeatureCache;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.RandomStream;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the figures of {@code diffuse eval} on the same files. */
class BulkScoringTest {
    private static final double PERCENT = 1e-7; // 1e-9 relative

    @TempDir
    static Path folder;

    private static SparkSession spark;

    @BeforeAll
    static void open() throws IOException {
        spark = LocalSpark.open("local[4]", "KryoSerializer");
        try (Model network = ModelKind.CONV_CLASSIFIER.create(Map.of("num_classes", 3L));
                RandomStream random = new RandomStream(5)) {
            network.initialize(random);
            PipelineFolder.write(folder.resolve("judge"), network, null);
        }
        draw("own", 70, 1);
        draw("real", 75, 2);
        Files.writeString(folder.resolve("own/p033b.png"), "no picture");
        PngFile.write(folder.resolve("own/grid.png"), new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB));
    }

    @AfterAll
    static void nothing_is_open_once_the_application_has_ended() {
        spark.stop();
        assertThat(OnExecutor.open()).isZero();
    }

    /** Of two sizes, which networks are shown apart. */
    private static void draw(String name, int count, int seed) {
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            int side = i % 10 < 8 ? 12 : 16;
            BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
            for (int at = 0; at < side * side; at++) {
                image.setRGB(at % side, at / side, random.nextInt(1 << 24) | (seed << 7));
            }
            PngFile.write(folder.resolve(name).resolve("p%03d.png".formatted(i)), image);
        }
    }

    private static BulkScoring scoring() {
        return BulkScoring.by(BulkExtractor.classifier(folder.resolve("judge").toString()))
                .with(s -> {
                    s.kid = new KidSettings(7, 40, 5);
                    s.pictures = "content";
                    s.names = "path";
                });
    }

    private static Dataset<Row> files(String name) {
        return spark.read().format("binaryFile").load(folder.resolve(name).toString());
    }

    private static Dataset<Row> paths(String name) throws IOException {
        try (Stream<Path> all = Files.list(folder.resolve(name))) {
            return spark.createDataset(all.map(Path::toString).toList(), Encoders.STRING())
                    .toDF("file");
        }
    }

    /** By the command's own way; what it keeps lies in the folder {@code kept}. */
    private static List<Figure> expected() {
        BulkScoring same = scoring();
        try (PictureSet own = PictureSet.of(FolderSource.open(folder.resolve("own")), null);
                Evaluator evaluator = new Evaluator(
                        same.extractor().toChoice().open(),
                        PictureSet.of(FolderSource.open(folder.resolve("real")), null),
                        null,
                        same.kid(),
                        new FeatureCache(folder.resolve("kept")))) {
            List<Figure> figures = evaluator.judge(own, false, Map.of()).figures();
            assertThat(figures).allSatisfy(figure -> assertThat(figure.value()).isBetween(1e-9, 1e9));
            return figures;
        }
    }

    private static void assertAreEqual(List<Figure> found, List<Figure> expected) {
        for (int i = 0; i < 2; i++) {
            Figure one = found.get(i);
            Figure other = expected.get(i);
            assertThat(one.metric()).isEqualTo(other.metric());
            assertThat(one.value()).isCloseTo(other.value(), withinPercentage(PERCENT));
            assertThat(one.differences(other)).isEmpty();
            assertThat(one.picturesHash()).isEqualTo(other.picturesHash());
            assertThat(one.n()).isEqualTo(70);
            assertThat(one.subsetSize()).isEqualTo(other.subsetSize());
        }
        assertThat(found.get(0).standardError()).isCloseTo(expected.get(0).standardError(), withinPercentage(PERCENT));
    }

    @Test
    void figures_are_those_of_the_command_however_pictures_lie_in_partitions() throws IOException {
        List<Figure> expected = expected();
        try (BulkFeatures real = scoring().features(files("real").repartition(3), "real")) {
            for (int partitions : new int[] {1, 5}) {
                Dataset<Row> own = files("own").repartition(partitions);
                assertAreEqual(scoring().score(own, "own", real), expected);
            }
            BulkScoring byPath = scoring().with(s -> {
                s.pictures = "file";
                s.names = null;
            });
            assertAreEqual(byPath.score(paths("own"), "own", real), expected);
            Path file = folder.resolve("real.safetensors");
            real.save(file);
            try (BulkFeatures saved = BulkScoring.open(spark, file)) {
                assertAreEqual(byPath.score(paths("own").repartition(2), "own", saved), expected);
            }
        }
    }

    @Test
    void what_the_command_keeps_of_a_reference_is_taken_too() throws IOException {
        List<Figure> expected = expected();
        try (Stream<Path> kept = Files.list(folder.resolve("kept"));
                BulkFeatures real = BulkScoring.open(spark, kept.findFirst().orElseThrow())) {
            assertAreEqual(scoring().score(files("own"), "own", real), expected);
        }
    }

    @Test
    void what_cannot_be_scored_is_said_in_one_line() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> scoring().with(s -> s.pictures = "image").features(files("own"), "own"))
                .withMessageStartingWith("there is no column 'image' of pictures");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> scoring().with(s -> s.pictures = "length").features(files("own"), "own"))
                .withMessage("pictures 'length' must be files' bytes or paths, but the column is bigint");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> BulkDrawing.with("/nowhere/model")
                        .generate(spark.createDataset(List.of("{}"), Encoders.STRING())))
                .withMessageContaining("/nowhere/model");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> BulkScoring.by(BulkExtractor.inception("/nowhere.pth"))
                        .with(s -> s.pictures = "content")
                        .features(files("own"), "own"))
                .withMessageContaining("there is no file /nowhere.pth");
        try (BulkFeatures real = scoring().features(files("real"), "real");
                BulkFeatures few = scoring().features(files("real").limit(3), "few");
                BulkFeatures other = BulkScoring.by(scoring().extractor().with(e -> e.resize = "legacy"))
                        .with(s -> s.pictures = "content")
                        .features(files("real").limit(5), "real")) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> few.figures(real, new KidSettings(7, 40, 5)))
                    .withMessageContaining("there are only 3");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> real.figures(other, KidSettings.DEFAULT))
                    .withMessageContaining("clean, but the reference")
                    .withMessageContaining("legacy");
        }
    }
}
