// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pictures that could not be read: each is warned of once. Thread-safe. */
final class BrokenExamples {
    private static final Logger LOG = LoggerFactory.getLogger(BrokenExamples.class);

    private final Map<Integer, String> reasons = new ConcurrentHashMap<>();

    void add(int index, String reason) {
        if (reasons.put(index, reason) == null) {
            LOG.warn("passed over {}", reason);
        }
    }

    boolean contains(int index) {
        return reasons.containsKey(index);
    }

    int count() {
        return reasons.size();
    }

    /** File and reason, in the data set's order. */
    List<String> reasons() {
        return List.copyOf(new TreeMap<>(reasons).values());
    }
}
