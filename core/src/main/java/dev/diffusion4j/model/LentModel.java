// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import java.util.function.Function;

/** Lends a network for the time of a call; a part that is leased is one. */
@FunctionalInterface
public interface LentModel extends AutoCloseable {

    /** Runs {@code body} while the network is surely alive; on any thread, several at once. */
    <R> R use(Function<Model, R> body);

    /** Asks what needs no weights: its config, the shapes of its layers. Where that can be, it does not load the network. */
    default <R> R ask(Function<Model, R> body) {
        return use(body);
    }

    /** Gives up what is lent; nothing, where it is somebody else's. */
    @Override
    default void close() {}

    /** A network that outlives what uses it; borrowed. */
    static LentModel of(Model model) {
        return lent(model, () -> {});
    }

    /** A network that is closed with what uses it. */
    static LentModel owning(Model model) {
        return lent(model, model::close);
    }

    private static LentModel lent(Model model, Runnable end) {
        return new LentModel() {
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
