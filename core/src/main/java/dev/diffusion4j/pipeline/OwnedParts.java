// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelRole;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The network of a pipeline and of its views, with what was made for it: both are freed as soon as the pipeline is closed and the last
 * call has ended. Thread-safe.
 */
final class OwnedParts implements AutoCloseable {
    private final PartLease network;
    private final @Nullable PipelineParts others;
    private final KeepNetworks keeping;
    private final @Nullable DiffusionPipeline refiner;
    private final ControlNets controlNets;
    private final PromptAdapters promptAdapters;
    private int calls;
    private boolean closed;
    private boolean freed;

    /**
     * @param network closed with this
     * @param others closed with this; {@code null} where they are somebody else's
     * @param keeping how long the networks stay in memory, where there are several that can be loaded again
     */
    OwnedParts(PartLease network, @Nullable PipelineParts others, KeepNetworks keeping) {
        this(network, others, keeping, new ControlNets(List.of(), new PartStore()), null);
    }

    private OwnedParts(
            PartLease network,
            @Nullable PipelineParts others,
            KeepNetworks keeping,
            ControlNets controlNets,
            @Nullable DiffusionPipeline refiner) {
        this.network = network;
        this.others = others;
        this.keeping = keeping;
        this.controlNets = controlNets;
        this.refiner = refiner;
        this.promptAdapters = new PromptAdapters(this);
    }

    /** With a refiner, closed with this, which takes the place of the present one. */
    OwnedParts with(DiffusionPipeline value) {
        return new OwnedParts(network, others, keeping, controlNets, value);
    }

    /**
     * With control networks.
     *
     * @param folders of those that are parts of the pipeline
     * @param store which they, and others that calls ask for, are leased of
     */
    OwnedParts withControls(List<Path> folders, PartStore store) {
        return new OwnedParts(network, others, keeping, new ControlNets(folders, store), refiner);
    }

    PartLease network() {
        return network;
    }

    /** The networks beside it that can be loaded again, by the names of their parts. */
    Map<String, PartLease> leases() {
        return others == null ? Map.of() : others.leases();
    }

    /** From now on no network is dropped: something was made that knows these very ones, or their files have changed. */
    void pin() {
        network.pin();
        leases().values().forEach(PartLease::pin);
    }

    /** Whether {@link #pin} was called. */
    boolean isPinned() {
        return network.isPinned();
    }

    /** The names of the parts that are in memory, and of the folders of control networks that are. */
    Set<String> loaded() {
        Set<String> names = new TreeSet<>(controlNets.loaded());
        if (network.isLoaded()) {
            names.add(ModelRole.DENOISER.component());
        }
        leases().forEach((name, lease) -> {
            if (lease.isLoaded()) {
                names.add(name);
            }
        });
        return names;
    }

    /** How long they stay in memory; nothing goes before a call ends, where there is only one. */
    KeepNetworks keeping() {
        return leases().isEmpty() && !keeping.isLasting() ? KeepNetworks.ALWAYS : keeping;
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
     * Runs {@code body} while all of it is surely alive, and the network in memory.
     *
     * @throws IllegalStateException where it is closed
     */
    <R> R use(Function<DiffusionModel, R> body) {
        begin();
        try {
            return lend(body);
        } finally {
            end();
        }
    }

    /**
     * Runs {@code body} while all of it is surely alive, with a network of which only config and shapes can be asked.
     *
     * @throws IllegalStateException where it is closed
     */
    <R> R ask(Function<DiffusionModel, R> body) {
        begin();
        try {
            return network.ask(model -> body.apply((DiffusionModel) model));
        } finally {
            end();
        }
    }

    /** As {@link #use}, within a call that runs. */
    <R> R lend(Function<DiffusionModel, R> body) {
        return network.use(model -> body.apply((DiffusionModel) model));
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
        network.close();
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
        freeIfUnused();
    }
}
