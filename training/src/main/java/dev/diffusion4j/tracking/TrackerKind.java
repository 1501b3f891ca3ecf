// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.Keyed;
import java.nio.file.Path;

/** The trackers that a recipe can name. */
public enum TrackerKind implements Keyed {
    /** {@code metrics.jsonl} in the run's folder. */
    JSONL("jsonl") {
        @Override
        public Tracker open(Path folder, long lastStep) {
            return new JsonlTracker(folder.resolve("metrics.jsonl"), lastStep);
        }
    },
    /** An event file in the run's folder. */
    TENSORBOARD("tensorboard") {
        @Override
        public Tracker open(Path folder, long lastStep) {
            return new TensorBoardTracker(folder, lastStep);
        }
    },
    /** A run on an MLflow server, which {@code MLFLOW_TRACKING_URI} names. */
    MLFLOW("mlflow") {
        @Override
        public Tracker open(Path folder, long lastStep) {
            return new MlflowTracker(folder, lastStep);
        }

        @Override
        public void check() {
            MlflowTracker.check();
        }

        @Override
        public boolean isService() {
            return true;
        }
    };

    private final String key;

    TrackerKind(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Finds out before a training whether its settings can be; {@code Problem} (a wrong request) where not. */
    public void check() {}

    /** Whether it receives a run's end even where no step is left to be done. */
    public boolean isService() {
        return false;
    }

    /**
     * Opens one for a run.
     *
     * @param lastStep the run's last step so far; 0 for a new run
     */
    public abstract Tracker open(Path folder, long lastStep);
}
