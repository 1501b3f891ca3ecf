// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A tracker that fails never stops a training, and the others receive everything, in order. */
class TrackersTest {
    private final List<String> received = new ArrayList<>();

    private final class Recording implements Tracker {
        private final String name;
        private final String failsAt;

        Recording(String name, String failsAt) {
            this.name = name;
            this.failsAt = failsAt;
        }

        private void tell(String what) {
            received.add(name + " " + what);
            if (what.equals(failsAt)) {
                throw new IllegalStateException("made to fail");
            }
        }

        @Override
        public void scalars(long step, Map<String, Double> values) {
            tell("scalars " + step);
        }

        @Override
        public void flush() {
            tell("flush");
        }

        @Override
        public void close() {
            tell("close");
        }
    }

    @Test
    void one_that_fails_is_left_out_and_the_others_go_on() {
        try (Trackers trackers = new Trackers(
                List.of(new Recording("a", ""), new Recording("b", "scalars 2"), new Recording("c", "close")))) {
            trackers.scalars(1, Map.of());
            trackers.scalars(2, Map.of());
            trackers.scalars(3, Map.of());
            trackers.flush();
        }
        assertThat(received)
                .containsExactly(
                        "a scalars 1",
                        "b scalars 1",
                        "c scalars 1",
                        "a scalars 2",
                        "b scalars 2",
                        "c scalars 2",
                        "a scalars 3",
                        "c scalars 3",
                        "a flush",
                        "c flush",
                        "a close",
                        "c close");
    }
}
