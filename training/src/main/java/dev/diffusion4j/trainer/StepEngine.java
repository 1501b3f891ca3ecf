// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.bytedeco.pytorch.global.torch.get_num_threads;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.layer.Recomputation;
import dev.diffusion4j.layer.TrainingMode;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Forward and backward of one batch, on one thread or split over two that share the weights. Gradients add up in the weights'
 * own places.
 */
final class StepEngine implements AutoCloseable {
    private final Choices choices;
    private final boolean recomputes;
    private final Placement placement;
    private final ExecutorService workers;

    StepEngine(Choices choices) {
        this(choices, false);
    }

    /** @param recomputes whether activations are made again in the backward pass */
    StepEngine(Choices choices, boolean recomputes) {
        this.choices = choices;
        this.recomputes = recomputes;
        this.placement = choices.placement();
        this.workers = Executors.newFixedThreadPool(choices.shards(), body -> {
            Thread thread = new Thread(body, "training");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** {@link #accumulate(Objective.Task, double, List, GradientBuckets)} of one process. */
    StepLosses accumulate(Objective.Task task, double share, List<RandomStream> dropout) {
        return accumulate(task, share, dropout, null);
    }

    /**
     * Adds the gradients of a batch's mean loss.
     *
     * @param share the loss is multiplied by it first
     * @param dropout a stream for each shard
     * @param buckets that see gradients come, borrowed; {@code null} for one process
     * @return the means over the batch
     */
    StepLosses accumulate(
            Objective.Task task, double share, List<RandomStream> dropout, @Nullable GradientBuckets buckets) {
        long total = task.size();
        int shards = (int) Math.min(choices.shards(), total);
        if (shards == 1) {
            return whole(task, share, dropout.get(0), buckets);
        }
        ActiveProducts products = ActiveProducts.current();
        List<Future<StepLosses>> losses = new ArrayList<>();
        long start = 0;
        for (int i = 0; i < shards; i++) {
            long first = start;
            long count = total * (i + 1) / shards - first;
            RandomStream random = dropout.get(i);
            losses.add(workers.submit(() -> TensorScope.compute(() -> {
                set_num_threads(Math.max(1, placement.threads() / shards));
                double weight = (double) count / total;
                Objective.Task shard = task.slice(first, count);
                return products.run(() -> pass(shard, weight * share, random, buckets))
                        .times(weight);
            })));
            start += count;
        }
        return sum(losses);
    }

    /** On the caller's thread: where a second one calls LibTorch, OpenMP counts more threads than processors, and lets its helpers sleep sooner. */
    private StepLosses whole(
            Objective.Task task, double share, RandomStream dropout, @Nullable GradientBuckets buckets) {
        int usual = get_num_threads();
        set_num_threads(placement.threads());
        try {
            StepLosses losses = TensorScope.compute(() -> pass(task, share, dropout, buckets));
            if (Thread.currentThread().isInterrupted()) {
                throw Interrupts.cancelled("while training");
            }
            return losses;
        } finally {
            set_num_threads(usual);
        }
    }

    private StepLosses pass(
            Objective.Task task, double factor, RandomStream dropout, @Nullable GradientBuckets buckets) {
        Supplier<StepLosses> pass =
                () -> TrainingMode.run(dropout, () -> Recomputation.run(recomputes, () -> backward(task, factor)));
        return buckets == null ? pass.get() : buckets.watched(pass);
    }

    private StepLosses backward(Objective.Task task, double factor) {
        try (BackwardTape tape = BackwardTape.open()) {
            Tensor loss = placement.autocast(task::loss);
            tape.backward(tape.withSides(factor == 1 ? loss : loss.mul(new Scalar(factor))));
            return new StepLosses(loss.item_float(), task.tracked());
        }
    }

    /** Waits for all, also after one failed or the caller was interrupted: they work on tensors that the caller frees. */
    private static StepLosses sum(List<Future<StepLosses>> losses) {
        StepLosses sum = StepLosses.ZERO;
        boolean interrupted = Thread.interrupted(); // also where nothing is left to wait for
        Throwable failure = null;
        for (Future<StepLosses> loss : losses) {
            while (!loss.isDone()) {
                try {
                    loss.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    break; // it is done
                }
            }
        }
        for (Future<StepLosses> loss : losses) {
            try {
                sum = sum.plus(loss.get());
            } catch (InterruptedException e) {
                throw new IllegalStateException("what is done must not be waited for", e);
            } catch (ExecutionException e) {
                Throwable cause = e.getCause() == null ? e : e.getCause();
                if (failure == null) {
                    failure = cause;
                } else {
                    failure.addSuppressed(cause);
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure != null) {
            throw rethrow(failure);
        }
        if (interrupted) {
            throw Interrupts.cancelled("while training");
        }
        return sum;
    }

    private static RuntimeException rethrow(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    /** Ends the threads, after what they are at. */
    @Override
    public void close() {
        Interrupts.awaitEnd(workers);
    }
}
