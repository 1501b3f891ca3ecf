// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.Model;
import java.util.function.Function;

/** Lends a text encoder's network for the time of a call; the {@code use} of a part that is leased is one. */
@FunctionalInterface
public interface TextNetwork extends AutoCloseable {

    /** Runs {@code body} while the network is surely alive; on any thread, several at once. */
    <R> R use(Function<Model, R> body);

    /** Gives up what is lent; nothing, where it is somebody else's. */
    @Override
    default void close() {}

    /** A network that outlives what uses it; borrowed. */
    static TextNetwork of(Model model) {
        return lent(model, () -> {});
    }

    /** A network that is closed with what uses it. */
    static TextNetwork owning(Model model) {
        return lent(model, model::close);
    }

    private static TextNetwork lent(Model model, Runnable end) {
        return new TextNetwork() {
            @Override
            public <R> R use(Function<Model, R> body) {
                return body.apply(model);
            }

            @Override
            public void close() {
                end.run();
            }
        };
    }
}
