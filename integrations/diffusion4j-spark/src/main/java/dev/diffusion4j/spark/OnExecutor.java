// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is there once in an executor, for all its tasks. It is closed when the executor ends: with its process, or, where tasks run in the
 * driver's ({@code local[N]}), with the application.
 */
final class OnExecutor {
    private static final Logger LOG = LoggerFactory.getLogger(OnExecutor.class);
    private static final Map<Object, AutoCloseable> OPEN = new LinkedHashMap<>();
    private static final Set<String> APPLICATIONS = new HashSet<>();
    private static boolean isHooked;
    private static int opened;

    private OnExecutor() {}

    /** Ends with the application what is in the driver's process. */
    private static final class Ending extends SparkListener {
        @Override
        public void onApplicationEnd(SparkListenerApplicationEnd end) {
            closeAll();
        }
    }

    /** To be called by the driver. */
    static void closeAtEnd(SparkSession session) {
        synchronized (APPLICATIONS) {
            if (APPLICATIONS.add(session.sparkContext().applicationId())) {
                session.sparkContext().addSparkListener(new Ending());
            }
        }
    }

    /** What {@code open} made when it was first asked for under this key; others wait while it does. */
    static <R extends AutoCloseable> R get(Object key, Class<R> type, Supplier<R> open) {
        synchronized (OPEN) {
            AutoCloseable there = OPEN.get(key);
            if (there == null) {
                there = open.get();
                OPEN.put(key, there);
                opened++;
                hook();
            }
            return type.cast(there);
        }
    }

    private static void hook() {
        if (!isHooked) {
            isHooked = true;
            Runtime.getRuntime().addShutdownHook(new Thread(OnExecutor::closeAll, "diffusion4j-end"));
        }
    }

    /** What was opened last goes first. */
    static void closeAll() {
        List<AutoCloseable> all;
        synchronized (OPEN) {
            all = new ArrayList<>(OPEN.values());
            OPEN.clear();
        }
        Collections.reverse(all);
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (Exception e) { // the others are closed all the same
                LOG.warn("not closed: {}", e.toString());
            }
        }
    }

    /** How often something was opened in this process so far, for tests. */
    static int opened() {
        synchronized (OPEN) {
            return opened;
        }
    }

    /** How much is open now, for tests. */
    static int open() {
        synchronized (OPEN) {
            return OPEN.size();
        }
    }
}
