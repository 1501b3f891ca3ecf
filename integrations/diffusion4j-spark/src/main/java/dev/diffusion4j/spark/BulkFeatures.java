// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.evaluation.KidSettings;
import dev.diffusion4j.metric.FeatureFile;
import dev.diffusion4j.metric.FeatureMoments;
import dev.diffusion4j.metric.FeatureOrigin;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.FrechetDistance;
import dev.diffusion4j.metric.KernelDistance;
import dev.diffusion4j.metric.KernelDistance.Subset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;
import scala.Tuple3;

/** The features of pictures, spread over the executors, and what they are of. */
public final class BulkFeatures implements AutoCloseable {
    private final SparkSession session;
    private final JavaPairRDD<Long, float[]> rows;
    private final FeatureOrigin origin;
    private final int threads;

    /**
     * @param rows by their places in the pictures' order; persisted, until this is closed
     * @param threads over how many threads an operation is spread; 0 for what LibTorch takes by itself
     */
    BulkFeatures(SparkSession session, JavaPairRDD<Long, float[]> rows, FeatureOrigin origin, int threads) {
        this.session = session;
        this.rows = rows;
        this.origin = origin;
        this.threads = threads;
    }

    static BulkFeatures open(SparkSession session, Path file) {
        OnExecutor.closeAtEnd(session);
        List<Tuple2<Long, float[]>> ranked = new ArrayList<>();
        FeatureOrigin origin = NativeDesk.plain(0).compute(() -> {
            try (FeatureFile kept = FeatureFile.read(file)) {
                for (float[] row : FeatureRows.of(kept.features())) {
                    ranked.add(new Tuple2<>((long) ranked.size(), row));
                }
                return kept.origin();
            }
        });
        return new BulkFeatures(session, spark(session).parallelizePairs(ranked), origin, 0);
    }

    private static JavaSparkContext spark(SparkSession session) {
        return JavaSparkContext.fromSparkContext(session.sparkContext());
    }

    /** Of what they are, and in what they were measured. */
    public FeatureOrigin origin() {
        return origin;
    }

    /**
     * Writes them into one file on the driver's machine, whole or not at all; they pass through the driver's memory.
     *
     * @throws Problem (a failure) where it cannot be written
     */
    public void save(Path file) {
        List<float[]> all = rows.sortByKey().values().collect();
        NativeDesk.plain(threads).compute(() -> {
            FeatureFile.write(file, origin, FeatureRows.tensor(all));
            return file;
        });
    }

    /**
     * KID and FID against other pictures.
     *
     * @param reference real ones, looked at by the same extractor
     * @throws Problem (a wrong request) where the extractors differ, or there are too few pictures
     */
    public List<Figure> figures(BulkFeatures reference, KidSettings kid) {
        if (!origin.isLike(reference.origin)) {
            throw Problem.request("the pictures are measured in " + named(origin) + ", but the reference in "
                    + named(reference.origin) + ": measure both alike");
        }
        KernelDistance distance = kernelDistance(reference, kid);
        FeatureMoments own = moments();
        FeatureMoments theirs = reference.moments();
        double frechet = NativeDesk.plain(threads).compute(() -> FrechetDistance.of(own, theirs));
        return Figure.ofDistances(origin, reference.origin, distance, kid.seed(), frechet, Map.of());
    }

    private static String named(FeatureOrigin of) {
        return of.extractor() + " "
                + of.weightsHash().substring(0, Math.min(8, of.weightsHash().length())) + ", " + of.size() + " px, "
                + of.resize();
    }

    /** Part by part on the executors, put together here in the parts' order, of which one is here at a time. */
    private FeatureMoments moments() {
        int parts = (origin.count() - 1) / FeatureMoments.PART + 1;
        int spread = threads;
        Iterator<Tuple3<Long, double[], double[]>> all = rows.mapToPair(
                        each -> new Tuple2<>((int) (each._1() / FeatureMoments.PART), each))
                .groupByKey(new HashPartitioner(parts)) // so that part i is partition i
                .map(part -> PartSums.moments(part._2(), spread))
                .toLocalIterator();
        FeatureMoments sum = null;
        while (all.hasNext()) {
            Tuple3<Long, double[], double[]> next = all.next();
            FeatureMoments part = new FeatureMoments(next._1(), next._2(), next._3());
            sum = sum == null ? part : sum.plus(part);
        }
        return java.util.Objects.requireNonNull(sum);
    }

    /** Each subset on an executor, to which its features travel. */
    private KernelDistance kernelDistance(BulkFeatures reference, KidSettings kid) {
        int size = kid.sizeFor(origin.count(), reference.origin.count());
        List<Subset> subsets =
                KernelDistance.subsets(origin.count(), reference.origin.count(), kid.subsets(), size, kid.seed());
        JavaSparkContext spark = spark(session);
        Broadcast<int[][]> first =
                spark.broadcast(subsets.stream().map(Subset::ofFirst).toArray(int[][]::new));
        Broadcast<int[][]> second =
                spark.broadcast(subsets.stream().map(Subset::ofSecond).toArray(int[][]::new));
        int spread = threads;
        try {
            Map<Integer, Double> found = rows.mapPartitionsToPair(each -> PartSums.ofSubsets(each, first.value(), 0))
                    .union(reference.rows.mapPartitionsToPair(each -> PartSums.ofSubsets(each, second.value(), size)))
                    .groupByKey()
                    .mapValues(members -> PartSums.distance(members, size, spread))
                    .collectAsMap();
            double[] distances = new double[subsets.size()];
            found.forEach((subset, distance) -> distances[subset] = distance);
            return KernelDistance.ofSubsets(distances, size);
        } finally {
            first.destroy();
            second.destroy();
        }
    }

    /** Frees what executors keep. */
    @Override
    public void close() {
        rows.unpersist();
    }
}
