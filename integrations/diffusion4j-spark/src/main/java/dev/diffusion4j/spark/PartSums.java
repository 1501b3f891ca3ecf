// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.metric.FeatureMoments;
import dev.diffusion4j.metric.KernelDistance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import scala.Tuple2;
import scala.Tuple3;

/** What executors work out of some of the features. All of it travels as arrays and tuples, which every serializer of Spark knows. */
final class PartSums {
    private PartSums() {}

    /**
     * The count, mean and scatter of a part.
     *
     * @param part features by their places, in any order
     */
    static Tuple3<Long, double[], double[]> moments(Iterable<Tuple2<Long, float[]>> part, int threads) {
        List<Tuple2<Long, float[]>> all = new ArrayList<>();
        part.forEach(all::add);
        all.sort(Comparator.comparing(Tuple2::_1));
        List<float[]> features = all.stream().map(Tuple2::_2).toList();
        FeatureMoments moments =
                NativeDesk.plain(threads).compute(() -> FeatureMoments.of(FeatureRows.tensor(features)));
        return new Tuple3<>(moments.count(), moments.mean(), moments.scatter());
    }

    /**
     * The features as members of subsets, each as often as it is one.
     *
     * @param subsets the places of each one's members
     * @param offset added to a member's number within a subset
     * @return by the subsets' numbers
     */
    static Iterator<Tuple2<Integer, Tuple2<Integer, float[]>>> ofSubsets(
            Iterator<Tuple2<Long, float[]>> features, int[][] subsets, int offset) {
        Map<Long, List<int[]>> memberships = new HashMap<>();
        for (int subset = 0; subset < subsets.length; subset++) {
            for (int member = 0; member < subsets[subset].length; member++) {
                memberships
                        .computeIfAbsent((long) subsets[subset][member], place -> new ArrayList<>())
                        .add(new int[] {subset, offset + member});
            }
        }
        List<Tuple2<Integer, Tuple2<Integer, float[]>>> members = new ArrayList<>();
        features.forEachRemaining(each -> memberships
                .getOrDefault(each._1(), List.of())
                .forEach(at -> members.add(new Tuple2<>(at[0], new Tuple2<>(at[1], each._2())))));
        return members.iterator();
    }

    /** The distance of one subset, whose members of the first set have the numbers below {@code size}. */
    static double distance(Iterable<Tuple2<Integer, float[]>> members, int size, int threads) {
        float[][] all = new float[2 * size][];
        members.forEach(member -> all[member._1()] = member._2());
        List<float[]> ordered = Arrays.asList(all);
        return NativeDesk.plain(threads)
                .compute(() -> KernelDistance.unbiased(
                        FeatureRows.tensor(ordered.subList(0, size)),
                        FeatureRows.tensor(ordered.subList(size, 2 * size))));
    }
}
