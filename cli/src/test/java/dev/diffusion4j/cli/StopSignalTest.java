// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What the end of a process waits for. */
class StopSignalTest {
    private static final Duration SHORT = Duration.ofMillis(5);
    private static final String ASKED = "stopping; a second Ctrl-C does not wait for the last step ...";

    private final StringWriter err = new StringWriter();

    private StopSignal signal(Duration longest) {
        return new StopSignal(new PrintWriter(err, true), "the last step", longest);
    }

    @Test
    void work_that_does_not_end_is_waited_for_no_longer_than_the_limit() {
        try (StopSignal signal = signal(SHORT)) {
            assertThat(signal.getAsBoolean()).isFalse();
            signal.stop(); // would wait for ever
            assertThat(signal.getAsBoolean()).isTrue();
        }
        assertThat(err.toString().strip().lines()).containsExactly(ASKED, "ended without waiting longer");
    }

    @Test
    void the_end_waits_for_work_that_takes_less() {
        CompletableFuture<Void> end;
        try (StopSignal signal = signal(Duration.ofDays(1))) {
            end = CompletableFuture.runAsync(signal::stop);
            while (!signal.getAsBoolean()) {
                Thread.onSpinWait();
            }
            assertThat(end).isNotDone();
        }
        end.join();
        assertThat(err.toString().strip().lines()).containsExactly(ASKED);
    }
}
