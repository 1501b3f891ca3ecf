// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.HashMap;
import java.util.Map;

/** How many requests each caller has at work, of which it may have so many at a time. Thread-safe. */
final class Callers {
    private final int most;
    private final Map<String, Integer> atWork = new HashMap<>();

    Callers(int most) {
        this.most = most;
    }

    /**
     * One more of a caller, until it is to {@link #leave}.
     *
     * @throws Refusal (429) where it has as many as it may
     */
    synchronized void enter(String caller) {
        int now = atWork.getOrDefault(caller, 0);
        if (now >= most) {
            throw new Refusal(
                    429,
                    "you have " + now + " requests at work, as many as this server allows: try again later",
                    "too_many_requests",
                    null);
        }
        atWork.put(caller, now + 1);
    }

    synchronized void leave(String caller) {
        atWork.computeIfPresent(caller, (key, now) -> now == 1 ? null : now - 1);
    }
}
