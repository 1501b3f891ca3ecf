// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** How many pictures of each class were judged, by the class's number. */
final class ClassMix {
    /** Two shares of the same classes that differ by less move a class fidelity by less than the classes' own differ. */
    private static final double FAR = 0.05;

    private static final int SHOWN = 5;

    private ClassMix() {}

    /** Of pictures whose classes these are; empty where one is not known. */
    static Map<String, Integer> of(int[] labels) {
        TreeMap<Integer, Integer> counts = new TreeMap<>();
        for (int label : labels) {
            if (label < 0) {
                return Map.of();
            }
            counts.merge(label, 1, Integer::sum);
        }
        Map<String, Integer> mix = new java.util.LinkedHashMap<>();
        counts.forEach((label, count) -> mix.put(Integer.toString(label), count));
        return mix;
    }

    /** Whether a share of all pictures means the same of both: the same classes, in about the same shares. */
    static boolean isAlike(Map<String, Integer> one, Map<String, Integer> other) {
        if (one.isEmpty() || !one.keySet().equals(other.keySet())) {
            return false;
        }
        double distance = 0; // total variation
        for (Map.Entry<String, Integer> entry : one.entrySet()) {
            distance +=
                    Math.abs(share(entry.getValue(), one) - share(other.getOrDefault(entry.getKey(), 0), other)) / 2;
        }
        return distance < FAR;
    }

    private static double share(int count, Map<String, Integer> mix) {
        return (double) count
                / mix.values().stream().mapToLong(Integer::longValue).sum();
    }

    /** For people: {@code 0-9 (50 each)}, {@code 1, 3 (20-25 each)}, {@code unknown}. */
    static String text(Map<String, Integer> mix) {
        if (mix.isEmpty()) {
            return "unknown";
        }
        List<String> runs = runs(mix.keySet());
        int least = java.util.Collections.min(mix.values());
        int most = java.util.Collections.max(mix.values());
        return (runs.size() > SHOWN ? mix.size() + " of them" : String.join(", ", runs))
                + (least == most ? " (" + least : " (" + least + "-" + most)
                + (mix.size() == 1 ? ")" : " each)");
    }

    private static List<String> runs(Collection<String> labels) {
        TreeSet<Integer> left = new TreeSet<>();
        labels.forEach(label -> left.add(Integer.valueOf(label)));
        List<String> runs = new ArrayList<>();
        while (!left.isEmpty()) {
            int first = left.first();
            int last = first;
            while (left.remove(last)) {
                last++;
            }
            runs.add(last - 1 == first ? Integer.toString(first) : first + "-" + (last - 1));
        }
        return runs;
    }
}
