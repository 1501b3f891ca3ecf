// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Endless batches, prepared ahead on threads of its own: the same for the same seed, however many threads there are, and from any
 * place on. The order of pictures depends on seed and epoch alone, flips and crops on seed, epoch and picture. A picture that
 * cannot be read is replaced by the next good one of the epoch's order ({@link OnBroken#SKIP}).
 *
 * <p>At most {@code 2·workers + 1} batches wait. Belongs to one thread, which closes it.
 */
public final class BatchLoader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchLoader.class);
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final BatchMaker maker;
    private final int ahead;
    private final ExecutorService workers;
    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final Queue<Future<Batch>> waiting = new ArrayDeque<>();
    private long nextNumber;
    private @Nullable Throwable failure;

    /** Does not own the data set. Work begins with the first call of {@link #next}. */
    public BatchLoader(Dataset dataset, ImageTransform transform, LoaderOptions options) {
        this(new PictureSource(dataset, transform), options);
    }

    /** Does not own what the source reads. Work begins with the first call of {@link #next}. */
    public BatchLoader(BatchSource source, LoaderOptions options) {
        maker = new BatchMaker(source, options);
        ahead = 2 * options.workers() + 1;
        nextNumber = options.firstBatch();
        workers = Executors.newFixedThreadPool(options.workers(), task -> {
            Thread thread = new Thread(task, "diffusion4j-data-" + THREADS.incrementAndGet());
            thread.setDaemon(true);
            threads.add(thread);
            return thread;
        });
    }

    /** For training, with the default number of threads. */
    public BatchLoader(
            Dataset dataset, ImageTransform transform, int batchSize, boolean dropLast, long seed, long firstBatch) {
        this(
                dataset,
                transform,
                new LoaderOptions(
                        batchSize,
                        dropLast,
                        true,
                        1,
                        DataConfig.DEFAULT.workerThreads(),
                        OnBroken.SKIP,
                        seed,
                        firstBatch));
    }

    /** (B, C, H, W) of a full batch. */
    public long[] batchShape() {
        return maker.batchShape();
    }

    /** How many batches an epoch has. */
    public int batchesPerEpoch() {
        return maker.batchesPerEpoch();
    }

    /**
     * The next batch; waits for it if it must.
     *
     * @throws java.util.concurrent.CancellationException where the thread is interrupted
     * @throws Problem (a failure) where a picture cannot be read and {@link OnBroken#FAIL} was asked for, or none can
     */
    public Batch next() {
        if (workers.isShutdown()) {
            throw new IllegalStateException("this loader is closed");
        }
        if (failure != null) {
            throw rethrow(failure);
        }
        while (waiting.size() < ahead) {
            long number = nextNumber++;
            waiting.add(workers.submit(() -> maker.make(number)));
        }
        try {
            return waiting.remove().get();
        } catch (ExecutionException e) {
            failure = e.getCause() == null ? e : e.getCause();
            throw rethrow(failure);
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while waiting for pictures");
        }
    }

    private static RuntimeException rethrow(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    /** How many pictures could not be read so far. */
    public int brokenCount() {
        return maker.broken().count();
    }

    /** Which those are, and why, in the data set's order. */
    public List<String> broken() {
        return maker.broken().reasons();
    }

    /** Ends the threads, each after the picture that it is at; what they made is discarded. */
    @Override
    public void close() {
        maker.stop();
        waiting.clear();
        workers.shutdown();
        try {
            boolean idle = workers.awaitTermination(10, TimeUnit.SECONDS);
            for (Thread thread : threads) {
                thread.join(idle ? 1000 : 1); // the pool says that it is done a moment before its threads are
            }
            if (threads.stream().anyMatch(Thread::isAlive)) {
                LOG.warn("a thread that reads pictures does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
