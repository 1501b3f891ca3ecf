// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.model.DiffusionModel;
import java.util.function.Function;

/** A network that several pipelines and running calls hold; freed when the last lets go. */
final class SharedModel {
    private final DiffusionModel model;
    private int holders = 1;

    SharedModel(DiffusionModel model) {
        this.model = model;
    }

    DiffusionModel model() {
        return model;
    }

    /** @throws IllegalStateException where it was freed already */
    synchronized SharedModel hold() {
        if (holders == 0) {
            throw new IllegalStateException("this pipeline is closed");
        }
        holders++;
        return this;
    }

    synchronized void release() {
        holders--;
        if (holders == 0) {
            model.close();
        }
    }

    /** Runs {@code body} while the network is surely alive. */
    <R> R use(Function<DiffusionModel, R> body) {
        hold();
        try {
            return body.apply(model);
        } finally {
            release();
        }
    }
}
