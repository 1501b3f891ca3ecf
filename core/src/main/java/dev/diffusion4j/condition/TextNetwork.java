// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.Model;
import java.util.function.Function;

/** Lends a text encoder's network for the time of a call; the {@code use} of a part that is leased is one. */
@FunctionalInterface
public interface TextNetwork {

    /** Runs {@code body} while the network is surely alive; on any thread, several at once. */
    <R> R use(Function<Model, R> body);

    /** A network that outlives what uses it; borrowed. */
    static TextNetwork of(Model model) {
        return new TextNetwork() {
            @Override
            public <R> R use(Function<Model, R> body) {
                return body.apply(model);
            }
        };
    }
}
