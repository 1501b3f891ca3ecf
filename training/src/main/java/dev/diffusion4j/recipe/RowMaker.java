// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.bytedeco.pytorch.global.torch.get_num_threads;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import dev.diffusion4j.base.Interrupts;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Computes rows of numbers, several at a time: each thread those of a part of its own, one part after the other, and alone. Parts always
 * begin at the same places, so that no number depends on how many threads there are or where the work begins.
 *
 * @param what they are of, in messages: {@code pictures}
 * @param count how many there are in all
 * @param together how many a part has
 * @param threads 1 where the networks are on a card
 * @param part computes a part's
 * @param progress how many are done; called on the caller's thread
 * @param stop asked again and again
 */
record RowMaker(String what, int count, int together, int threads, Part part, Progress progress, BooleanSupplier stop)
        implements KeptRows.Filling {

    /** Rows {@code from … to}−1; {@code null} for one that there cannot be. */
    @FunctionalInterface
    interface Part {
        float[] @Nullable [] rows(int from, int to);
    }

    /** How far it is. */
    @FunctionalInterface
    interface Progress {
        void at(int done, int count, double secondsLeft);
    }

    /** All rows were to be computed, but it was stopped before. */
    static final class Stopped extends CancellationException {
        private static final long serialVersionUID = 1;

        Stopped(String what) {
            super("stopped while " + what + " were encoded");
        }
    }

    /** @throws Stopped where {@code stop} asked for it */
    @Override
    public void from(int first, Consumer<float @Nullable []> receiver) {
        int usual = get_num_threads();
        ExecutorService workers = Executors.newFixedThreadPool(threads, RowMaker::worker);
        try {
            make(first, workers, receiver);
        } finally {
            Interrupts.awaitEnd(workers);
            set_num_threads(usual); // threads that are new to LibTorch begin with the setting made last
        }
    }

    private static Thread worker(Runnable body) {
        Thread thread = new Thread(
                () -> {
                    get_num_threads(); // which makes the setting made last, in a thread's first call
                    set_num_threads(1);
                    body.run();
                },
                "rows");
        thread.setDaemon(true);
        return thread;
    }

    private void make(int first, ExecutorService workers, Consumer<float @Nullable []> receiver) {
        long start = System.nanoTime();
        Deque<Future<float[] @Nullable []>> waiting = new ArrayDeque<>();
        int next = first - first % together;
        int known = first - next;
        int done = first;
        try {
            while (done < count) {
                if (stop.getAsBoolean()) {
                    throw new Stopped(what);
                }
                while (next < count && waiting.size() < 2 * threads) {
                    int from = next;
                    int to = Math.min(count, from + together);
                    waiting.add(workers.submit(() -> part.rows(from, to)));
                    next = to;
                }
                float[] @Nullable [] rows = result(waiting.remove());
                for (int i = known; i < rows.length; i++) {
                    receiver.accept(rows[i]);
                    done++;
                }
                known = 0;
                double seconds = (System.nanoTime() - start) / 1e9;
                progress.at(done, count, seconds / (done - first) * (count - done));
            }
        } finally {
            waiting.forEach(rows -> rows.cancel(false));
        }
    }

    private float[] @Nullable [] result(Future<float[] @Nullable []> rows) {
        try {
            return rows.get();
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while " + what + " were encoded");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof Error error) {
                throw error;
            }
            throw cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
        }
    }
}
