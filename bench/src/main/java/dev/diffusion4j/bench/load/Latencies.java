// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How long answers took, in seconds. Thread-safe. */
final class Latencies {
    private final List<Double> all = new ArrayList<>();

    synchronized void add(double seconds) {
        all.add(seconds);
    }

    /** The value that a part of all do not exceed; NaN where there are none. */
    synchronized double quantile(double part) {
        if (all.isEmpty()) {
            return Double.NaN;
        }
        List<Double> sorted = new ArrayList<>(all);
        Collections.sort(sorted);
        return sorted.get((int) Math.min(sorted.size() - 1, Math.ceil(part * sorted.size()) - 1));
    }

    synchronized int size() {
        return all.size();
    }
}
