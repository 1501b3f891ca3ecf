// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Several trackers as one. A tracker that fails is reported once and left out from then on; training goes on. */
public final class Trackers implements Tracker {
    private static final Logger LOG = LoggerFactory.getLogger(Trackers.class);

    /** How long a number may wait before it can be read in a file: one who watches a run sees it live. */
    private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);

    private final List<Tracker> working;
    private long lastFlush = System.nanoTime();

    /** @param trackers become this one's */
    public Trackers(List<Tracker> trackers) {
        working = new ArrayList<>(trackers);
    }

    @Override
    public void scalars(long step, Map<String, Double> values) {
        each(tracker -> tracker.scalars(step, values));
        if (System.nanoTime() - lastFlush > LONGEST_WAIT) {
            flush();
        }
    }

    @Override
    public void image(long step, String name, BufferedImage image) {
        each(tracker -> tracker.image(step, name, image));
    }

    @Override
    public void flush() {
        lastFlush = System.nanoTime();
        each(Tracker::flush);
    }

    @Override
    public void end(boolean isFinished) {
        each(tracker -> tracker.end(isFinished));
    }

    @Override
    public void close() {
        each(Tracker::close);
    }

    private void each(Consumer<Tracker> call) {
        for (Tracker tracker : List.copyOf(working)) {
            try {
                call.accept(tracker);
            } catch (RuntimeException e) {
                working.remove(tracker);
                LOG.warn("{} is left out from now on: {}", tracker.getClass().getSimpleName(), e.getMessage());
            }
        }
    }
}
