// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tracking.Tracker;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every tracker promises. */
public abstract class TrackerContract {
    @TempDir
    Path folder;

    /**
     * Opens the tracker to test.
     *
     * @param folder of the run
     * @param lastStep the run's last step so far; 0 for a new run
     */
    protected abstract Tracker open(Path folder, long lastStep);

    /** What was logged, as its real reader finds it: the values of a name by step. */
    protected abstract Map<Long, Double> read(Path folder, String name) throws IOException;

    @Test
    void what_was_logged_is_there_once_it_is_closed() throws IOException {
        try (Tracker tracker = open(folder, 0)) {
            tracker.scalars(1, Map.of("loss", 0.5, "lr", 1e-4));
            tracker.scalars(2, Map.of("loss", 0.25));
            tracker.end(true);
        }
        assertThat(read(folder, "loss")).containsExactlyInAnyOrderEntriesOf(Map.of(1L, 0.5, 2L, 0.25));
        assertThat(read(folder, "lr")).hasSize(1);
    }

    @Test
    void what_was_flushed_is_there_before_it_is_closed() throws IOException {
        try (Tracker tracker = open(folder, 0)) {
            tracker.scalars(1, Map.of("loss", 0.5));
            tracker.flush();
            assertThat(read(folder, "loss")).isEqualTo(Map.of(1L, 0.5));
        }
    }

    @Test
    void a_resumed_run_goes_on_where_it_was() throws IOException {
        try (Tracker tracker = open(folder, 0)) {
            tracker.scalars(1, Map.of("loss", 0.5));
            tracker.scalars(2, Map.of("loss", 0.75)); // a step that a kill undid
        }
        try (Tracker tracker = open(folder, 1)) {
            tracker.scalars(2, Map.of("loss", 0.25));
        }
        assertThat(read(folder, "loss")).containsExactlyInAnyOrderEntriesOf(Map.of(1L, 0.5, 2L, 0.25));
    }

    @Test
    void pictures_and_numbers_that_are_not_finite_do_not_stop_it() throws IOException {
        try (Tracker tracker = open(folder, 0)) {
            tracker.image(1, "samples", new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB));
            tracker.scalars(1, Map.of("other", Double.NaN));
            tracker.scalars(2, Map.of("loss", 0.5));
        }
        assertThat(read(folder, "loss")).isEqualTo(Map.of(2L, 0.5));
    }
}
