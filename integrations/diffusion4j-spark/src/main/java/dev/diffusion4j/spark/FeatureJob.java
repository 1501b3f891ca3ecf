// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.FeatureOrigin;
import dev.diffusion4j.metric.PictureSet;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * From pictures to features. The pictures are ordered and cut into the batches in which {@link PictureSet#map} looks at them, so that each feature is
 * the same to the last bit wherever its batch is looked at.
 */
final class FeatureJob {
    private FeatureJob() {}

    static BulkFeatures run(Dataset<Row> rows, BulkScoring scoring, String description) {
        PictureRows form = PictureRows.of(rows.schema(), scoring);
        OnExecutor.closeAtEnd(rows.sparkSession());
        List<String> network = check(rows.sparkSession(), scoring.extractor());
        JavaPairRDD<String, byte[]> keyed = PictureRows.select(rows, scoring)
                .javaRDD()
                .flatMapToPair(form)
                .persist(StorageLevel.MEMORY_AND_DISK()); // since what makes the rows may be long at it
        try {
            JavaPairRDD<Tuple2<String, byte[]>, Long> ranked = keyed.sortByKey().zipWithIndex();
            List<String> hashes =
                    ranked.map(each -> PictureRows.hashOf(each._1()._1())).collect();
            if (hashes.isEmpty()) {
                throw Problem.failure("none of the pictures of " + description + " can be read");
            }
            JavaPairRDD<Long, float[]> features = ranked.mapToPair(each -> new Tuple2<>(
                            each._2() / PictureSet.BATCH,
                            new Tuple2<>(each._2(), each._1()._2())))
                    .groupByKey()
                    .flatMapToPair(new Look(form, scoring.extractor()))
                    .persist(StorageLevel.MEMORY_AND_DISK());
            features.count(); // while the pictures are at hand
            FeatureOrigin origin = new FeatureOrigin(
                    description,
                    PictureSet.contentHash(hashes),
                    hashes.size(),
                    Map.of(),
                    network.get(0),
                    network.get(1),
                    Integer.parseInt(network.get(2)),
                    network.get(3));
            return new BulkFeatures(
                    rows.sparkSession(), features, origin, scoring.extractor().threads());
        } finally {
            keyed.unpersist();
        }
    }

    /** Looks at one batch. */
    private record Look(PictureRows form, BulkExtractor extractor)
            implements PairFlatMapFunction<Tuple2<Long, Iterable<Tuple2<Long, byte[]>>>, Long, float[]> {
        @Override
        public Iterator<Tuple2<Long, float[]>> call(Tuple2<Long, Iterable<Tuple2<Long, byte[]>>> batch) {
            List<Tuple2<Long, byte[]>> all = new ArrayList<>();
            batch._2().forEach(all::add);
            all.sort(Comparator.comparing(Tuple2::_1));
            List<byte[]> files = all.stream().map(each -> form.file(each._2())).toList();
            float[][] features = NativeDesk.of(extractor).look(network -> {
                try (PictureSet pictures = PictureSet.of(new EncodedPictures(files), null)) {
                    return FeatureRows.of(pictures.map(network::features));
                }
            });
            if (features.length != all.size()) {
                throw Problem.failure("pictures that could be read a moment ago cannot be read any more");
            }
            List<Tuple2<Long, float[]>> ranked = new ArrayList<>();
            for (int i = 0; i < features.length; i++) {
                ranked.add(new Tuple2<>(all.get(i)._1(), features[i]));
            }
            return ranked.iterator();
        }
    }

    /**
     * Opens the network on one executor, whichever it is.
     *
     * @return its name, the hash of its weights, its size and how pictures are brought to that
     * @throws Problem (a failure) in one line, where it cannot be
     */
    private static List<String> check(SparkSession session, BulkExtractor extractor) {
        String[] found = JavaSparkContext.fromSparkContext(session.sparkContext())
                .parallelize(List.of(0), 1)
                .map(nothing -> described(extractor)) // within the closure, since Kryo takes no records
                .first();
        if (found.length == 1) {
            throw Problem.failure(found[0]);
        }
        return List.of(found);
    }

    /** What is wrong, where that is all. */
    private static String[] described(BulkExtractor extractor) {
        try {
            return NativeDesk.of(extractor).look(network -> new String[] {
                network.name(),
                network.weightsHash(),
                Integer.toString(network.size()),
                network.resize().key()
            });
        } catch (Problem | IllegalArgumentException e) {
            return new String[] {String.valueOf(e.getMessage())};
        }
    }
}
