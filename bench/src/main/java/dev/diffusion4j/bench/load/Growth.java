// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.ProcessUse;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How threads and resident memory of this process change from some request on. Thread-safe. */
final class Growth {
    private final int from;
    private int ended;
    private @Nullable ProcessUse first;
    private ProcessUse last = ProcessUse.now();
    private double mostMiB;
    private int mostThreads;

    /** @param from as many requests are not counted */
    Growth(int from) {
        this.from = from;
    }

    /** A request is over. */
    synchronized void ended() {
        ended++;
        if (ended < from) {
            return;
        }
        last = ProcessUse.now();
        first = first == null ? last : first;
        mostMiB = Math.max(mostMiB, last.residentMiB());
        mostThreads = Math.max(mostThreads, last.threads());
    }

    synchronized Map<String, Object> toMap() {
        ProcessUse begin = first == null ? last : first;
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("threads_first", (long) begin.threads());
        map.put("threads_most", (long) mostThreads);
        map.put("threads_last", (long) last.threads());
        map.put("resident_first", begin.residentMiB());
        map.put("resident_most", mostMiB);
        map.put("resident_last", last.residentMiB());
        return map;
    }
}
