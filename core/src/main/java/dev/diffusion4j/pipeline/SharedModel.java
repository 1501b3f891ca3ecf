// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.model.DiffusionModel;
import java.util.List;
import java.util.function.Function;

/** The network of a pipeline and its views: freed when the pipeline is closed and the last running call has ended. */
final class SharedModel {
    private final DiffusionModel model;
    private final boolean owned;
    private final List<LoraChoice> loras;
    private int holders = 1;

    /** @param owned whether the network is freed at the end, or belongs to somebody else */
    SharedModel(DiffusionModel model, boolean owned) {
        this(model, owned, List.of());
    }

    /** @param loras what was added to its weights */
    SharedModel(DiffusionModel model, boolean owned, List<LoraChoice> loras) {
        this.loras = loras;
        this.model = model;
        this.owned = owned;
    }

    /** What was added to its weights. */
    List<LoraChoice> loras() {
        return loras;
    }

    private synchronized void hold() {
        if (holders == 0) {
            throw new IllegalStateException("this pipeline is closed");
        }
        holders++;
    }

    /** Lets go of it: once for each {@link #use} that runs, and once by the pipeline itself. */
    synchronized void release() {
        holders--;
        if (holders == 0 && owned) {
            model.close();
        }
    }

    /**
     * Runs {@code body} while the network is surely alive.
     *
     * @throws IllegalStateException where it was freed already
     */
    <R> R use(Function<DiffusionModel, R> body) {
        hold();
        try {
            return body.apply(model);
        } finally {
            release();
        }
    }
}
