// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whose job is the latest, since the webui's progress and interrupt name none. A caller sees its own alone. Thread-safe. */
final class WebuiJobs {
    private static final int MOST_CALLERS = 1000;

    /** Those of a caller that are at work, in the order in which they came. */
    private final Map<String, List<Watched>> atWork = remembering();

    private final Map<String, String> models = remembering();

    private static <V> Map<String, V> remembering() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
                return size() > MOST_CALLERS;
            }
        };
    }

    /** A job with what it has drawn so far. */
    static final class Watched implements JobListener {
        private final List<FinishedPicture> pictures = new ArrayList<>();
        private volatile @Nullable Job job;
        private volatile @Nullable BufferedImage preview;
        private volatile boolean isInterrupted;

        @Override
        public void onPreview(Job of, int index, BufferedImage image) {
            preview = image;
        }

        @Override
        public void onPicture(Job of, FinishedPicture picture) {
            synchronized (pictures) {
                pictures.add(picture);
            }
        }

        void start(Job value) {
            job = value;
        }

        @Nullable
        Job job() {
            return job;
        }

        /** What it looks like on its way. */
        @Nullable
        BufferedImage preview() {
            return preview;
        }

        /** Those that are finished. */
        List<FinishedPicture> pictures() {
            synchronized (pictures) {
                return List.copyOf(pictures);
            }
        }

        /** Ends it; what is finished counts. */
        void interrupt() {
            isInterrupted = true;
            Job running = job;
            if (running != null) {
                running.cancel();
            }
        }

        boolean isInterrupted() {
            return isInterrupted;
        }

        /** Seconds that are left, at the pace since its turn came: the webui's own clock starts then, too. */
        double left(double share) {
            Job running = job;
            double passed = running == null ? 0 : running.time().toNanos() / 1e9;
            return share <= 0 ? 0 : passed / share * (1 - share);
        }
    }

    synchronized void put(String caller, Watched job) {
        atWork.computeIfAbsent(caller, key -> new ArrayList<>()).add(job);
    }

    /** That it is over: its pictures are not held any longer. */
    synchronized void forget(String caller, Watched job) {
        List<Watched> own = atWork.get(caller);
        if (own != null && own.remove(job) && own.isEmpty()) {
            atWork.remove(caller);
        }
    }

    /** The latest of the caller's jobs that are not over. */
    synchronized Optional<Watched> running(String caller) {
        return atWork.getOrDefault(caller, List.of()).stream()
                .filter(watched -> {
                    Job job = watched.job();
                    return job != null && !job.state().isOver();
                })
                .reduce((earlier, later) -> later);
    }

    /** The model that the caller has chosen in the options; {@code usual} where none. */
    synchronized String model(String caller, String usual) {
        return models.getOrDefault(caller, usual);
    }

    synchronized void choose(String caller, String model) {
        models.put(caller, model);
    }
}
