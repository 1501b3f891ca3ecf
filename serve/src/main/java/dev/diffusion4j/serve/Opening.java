// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An engine on its way: LibTorch is loaded and the models are looked at on a thread of their own, while the server gets ready to answer. */
final class Opening implements Supplier<DiffusionService> {
    private final CompletableFuture<DiffusionService> service = new CompletableFuture<>();

    Opening(Map<String, ServiceModel> models, ServiceConfig config) {
        Thread thread = new Thread(
                () -> {
                    try {
                        DiffusionService opened = DiffusionService.open(models, config);
                        if (!service.complete(opened)) {
                            opened.close();
                        }
                    } catch (Throwable e) { // the waiting thread's
                        service.completeExceptionally(e);
                    }
                },
                "diffusion4j-opening");
        thread.setDaemon(true);
        thread.start();
    }

    /** Waits for it; what it failed with is thrown. */
    @Override
    public DiffusionService get() {
        try {
            return service.join();
        } catch (CompletionException e) {
            throw unchecked(e.getCause());
        }
    }

    /**
     * {@link #get()}, which an interrupt ends.
     *
     * @throws CancellationException where the calling thread is interrupted; it stays so
     */
    DiffusionService await() {
        try {
            return service.get();
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while the models were looked at");
        }
    }

    /** Closes it, now or when it is there. */
    void close() {
        if (!service.cancel(false) && !service.isCompletedExceptionally()) {
            service.join().close();
        }
    }

    private static RuntimeException unchecked(@Nullable Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }
}
