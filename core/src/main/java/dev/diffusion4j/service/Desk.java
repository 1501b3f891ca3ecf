// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.tensor.NativeThreads;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The native thread that answers callers before anything is drawn, so that none of theirs reaches LibTorch. */
final class Desk {
    private final ExecutorService thread;

    /** @param spread over how many threads an operation of LibTorch is spread */
    Desk(int spread) {
        thread = NativeThreads.start("diffusion4j-desk", 1, spread);
    }

    /**
     * What {@code question} returns or throws there.
     *
     * @param unwanted takes an answer for which nobody waits any more
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted
     * @throws ServiceClosedException where the service is closed
     */
    <R> R ask(Supplier<R> question, Consumer<R> unwanted) {
        if (Thread.currentThread().isInterrupted()) { // an answer that is there already would be given all the same
            throw Interrupts.cancelled("while the service looked at a request");
        }
        CompletableFuture<R> answer = new CompletableFuture<>();
        try {
            thread.execute(() -> {
                try {
                    R found = question.get();
                    if (!answer.complete(found)) {
                        unwanted.accept(found);
                    }
                } catch (Throwable e) { // the caller's
                    answer.completeExceptionally(e);
                }
            });
            return answer.get();
        } catch (RejectedExecutionException e) {
            throw new ServiceClosedException();
        } catch (InterruptedException e) {
            if (!answer.cancel(false) && !answer.isCompletedExceptionally()) {
                unwanted.accept(answer.join());
            }
            throw Interrupts.cancelled("while the service looked at a request");
        } catch (ExecutionException e) {
            throw unchecked(e);
        }
    }

    /** What somebody else's work ended with, for the thread that waited. */
    static RuntimeException unchecked(ExecutionException failure) {
        Throwable cause = failure.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    /** Ends the thread when it has answered those who wait, and done {@code last}; waits for that, whatever happens. */
    void close(Runnable last) {
        thread.execute(last);
        Interrupts.awaitEnd(thread);
    }
}
