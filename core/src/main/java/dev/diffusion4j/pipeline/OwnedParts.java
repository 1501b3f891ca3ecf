// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.model.DiffusionModel;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The network of a pipeline and of its views, with what was made for it: both are freed as soon as the pipeline is closed and the last
 * call has ended. Thread-safe.
 */
final class OwnedParts implements AutoCloseable {
    private final PartLease network;
    private final @Nullable PipelineParts others;
    private final @Nullable DiffusionPipeline refiner;
    private final ControlNets controlNets = new ControlNets();
    private final PromptAdapters promptAdapters;
    private int calls;
    private boolean closed;
    private boolean freed;

    /**
     * @param network closed with this
     * @param others closed with this; {@code null} where they are somebody else's
     */
    OwnedParts(PartLease network, @Nullable PipelineParts others) {
        this(network, others, null);
    }

    private OwnedParts(PartLease network, @Nullable PipelineParts others, @Nullable DiffusionPipeline refiner) {
        this.network = network;
        this.others = others;
        this.refiner = refiner;
        this.promptAdapters = new PromptAdapters(network);
    }

    /** With a refiner, closed with this, which takes the place of the present one. */
    OwnedParts with(DiffusionPipeline value) {
        return new OwnedParts(network, others, value);
    }

    PartLease network() {
        return network;
    }

    /** The control networks that calls asked for. */
    ControlNets controlNets() {
        return controlNets;
    }

    /** The adapters that prompts of calls asked for. */
    PromptAdapters promptAdapters() {
        return promptAdapters;
    }

    /**
     * Runs {@code body} while all of it is surely alive.
     *
     * @throws IllegalStateException where it is closed
     */
    <R> R use(Function<DiffusionModel, R> body) {
        begin();
        try {
            return network.use(model -> body.apply((DiffusionModel) model));
        } finally {
            end();
        }
    }

    private synchronized void begin() {
        if (closed) {
            throw new IllegalStateException("this pipeline is closed");
        }
        calls++;
    }

    private void end() {
        synchronized (this) {
            calls--;
        }
        freeIfUnused();
    }

    private void freeIfUnused() {
        synchronized (this) {
            if (!closed || calls > 0 || freed) {
                return;
            }
            freed = true;
        }
        promptAdapters.close();
        controlNets.close();
        if (others != null) {
            others.close();
        }
        if (refiner != null) {
            refiner.close();
        }
    }

    /** Closing twice is fine. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        network.close();
        freeIfUnused();
    }
}
