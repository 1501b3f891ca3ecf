// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class UnpackingTest {
    private static Thread unpacking(Supplier<Boolean> work) {
        Thread thread = new Thread(() -> Unpacking.run(work));
        thread.start();
        return thread;
    }

    @Test
    void two_are_unpacked_at_a_time_and_a_third_waits_for_its_turn() throws InterruptedException {
        CountDownLatch within = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            threads.add(unpacking(() -> {
                within.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return true;
            }));
        }
        within.await();
        AtomicBoolean isDone = new AtomicBoolean();
        Thread third = unpacking(() -> isDone.getAndSet(true));
        Tiny.await(() -> third.getState() == Thread.State.WAITING);
        assertThat(isDone).isFalse();
        go.countDown();
        third.join();
        assertThat(isDone).isTrue();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void work_that_fails_gives_its_place_back() {
        for (int i = 0; i < 3; i++) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Unpacking.run(() -> {
                        throw new IllegalStateException("no picture");
                    }));
        }
        assertThat(Unpacking.run(() -> "done")).isEqualTo("done");
    }
}
