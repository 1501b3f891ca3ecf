// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.bytedeco.pytorch.global.torch.get_num_threads;

import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nothing is at work any more when a call is over, however it ends. */
@Timeout(30)
class ParallelTest {
    private final AtomicInteger atWork = new AtomicInteger();

    @AfterEach
    void nobody_is_interrupted() {
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void each_picture_belongs_to_one_part_and_always_to_the_same() {
        for (int round = 0; round < 20; round++) {
            AtomicIntegerArray parts = new AtomicIntegerArray(10);
            Parallel.run(10, 3, (first, last, part) -> {
                for (int i = first; i < last; i++) {
                    parts.addAndGet(i, part + 1);
                }
            });
            assertThat(parts).hasToString("[1, 1, 1, 2, 2, 2, 3, 3, 3, 3]");
        }
    }

    @Test
    void operations_of_parts_that_run_alone_do_not_spread_and_others_still_do() {
        int usual = get_num_threads();
        AtomicIntegerArray threads = new AtomicIntegerArray(64);
        Parallel.runAlone(threads.length(), (first, last, part) -> {
            for (int i = first; i < last; i++) {
                threads.set(i, get_num_threads());
            }
        });
        CompletableFuture<Integer> later = new CompletableFuture<>();
        new Thread(() -> later.complete(get_num_threads())).start();
        assertThat(IntStream.range(0, threads.length()).map(threads::get)).containsOnly(1);
        assertThat(get_num_threads()).isEqualTo(usual);
        assertThat(later.join()).isEqualTo(usual);
    }

    @Test
    void a_failure_of_one_part_comes_out_when_the_others_have_ended() {
        IllegalArgumentException failure = new IllegalArgumentException("part 0");
        CountDownLatch begun = new CountDownLatch(1);
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Parallel.run(2, 2, (first, last, part) -> {
                    if (part == 0) {
                        await(begun);
                        throw failure;
                    }
                    work(begun);
                }))
                .isSameAs(failure);
        assertThat(atWork).hasValue(0);
    }

    @Test
    void an_interrupted_caller_waits_and_is_cancelled() {
        Thread caller = Thread.currentThread();
        CountDownLatch begun = new CountDownLatch(2);
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> Parallel.run(2, 2, (first, last, part) -> {
                    if (Thread.currentThread() == caller) {
                        begun.countDown();
                        await(begun);
                        caller.interrupt();
                    } else {
                        begun.countDown();
                        await(begun);
                        work(begun);
                    }
                }))
                .withMessageContaining("interrupted");
        assertThat(atWork).hasValue(0);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void many_callers_share_few_threads_and_nested_calls_end() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        AtomicInteger pictures = new AtomicInteger();
        IntStream.range(0, 8)
                .mapToObj(i -> new Thread(() -> Parallel.run(16, 16, (first, last, part) -> {
                    threads.add(Thread.currentThread());
                    Parallel.run(4, 4, (from, to, inner) -> pictures.addAndGet(to - from));
                })))
                .peek(Thread::start)
                .toList()
                .forEach(ParallelTest::join);
        assertThat(pictures).hasValue(8 * 16 * 4);
        long pooled = threads.stream()
                .filter(thread -> thread.getName().equals("diffusion4j-kernels"))
                .count();
        assertThat(pooled).isLessThan(Math.max(2, Runtime.getRuntime().availableProcessors()));
    }

    private void work(CountDownLatch begun) {
        atWork.incrementAndGet();
        begun.countDown();
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        atWork.decrementAndGet();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
