// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.FeatureExtractor;
import dev.diffusion4j.tensor.NativeThreads;
import dev.diffusion4j.tensor.TensorScope;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The native thread of this process that scores, for all its tasks, with the network that looks at pictures. */
final class NativeDesk implements AutoCloseable {
    private final ExecutorService thread;
    private final @Nullable FeatureExtractor extractor;

    /** Of one without a network. */
    private record Plain(int threads) {}

    private NativeDesk(@Nullable BulkExtractor place, int threads) {
        thread = NativeThreads.start("diffusion4j-score", 1, threads > 0 ? threads : NativeThreads.spread());
        try {
            extractor = place == null ? null : ask(() -> place.toChoice().open());
        } catch (Throwable e) {
            Interrupts.awaitEnd(thread);
            throw e;
        }
    }

    /**
     * This executor's, which is opened where it is not there yet.
     *
     * @throws Problem naming what is wrong with the network
     */
    static NativeDesk of(BulkExtractor place) {
        return OnExecutor.get(place, NativeDesk.class, () -> new NativeDesk(place, place.threads()));
    }

    /** This process's without a network. */
    static NativeDesk plain(int threads) {
        return OnExecutor.get(new Plain(threads), NativeDesk.class, () -> new NativeDesk(null, threads));
    }

    private interface Question<R> {
        R answer();
    }

    /**
     * What {@code body} makes of the network there; tensors that it makes are freed.
     *
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted
     */
    <R> R look(Function<FeatureExtractor, R> body) {
        FeatureExtractor network = java.util.Objects.requireNonNull(extractor);
        return ask(() -> TensorScope.compute(() -> body.apply(network)));
    }

    /** What {@code body} works out there; tensors that it makes are freed. */
    <R> R compute(java.util.function.Supplier<R> body) {
        return ask(() -> TensorScope.compute(body));
    }

    private <R> R ask(Question<R> question) {
        CompletableFuture<R> answer = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                answer.complete(question.answer());
            } catch (Throwable e) { // the caller's
                answer.completeExceptionally(e);
            }
        });
        try {
            return answer.get();
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while scoring pictures");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e.getCause());
        }
    }

    /** Frees the network, once what is asked for has been worked out. */
    @Override
    public void close() {
        if (extractor != null) {
            thread.execute(extractor::close);
        }
        Interrupts.awaitEnd(thread);
    }
}
