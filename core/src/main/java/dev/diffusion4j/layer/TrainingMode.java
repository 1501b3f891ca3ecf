// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.RandomStream;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether the current thread trains, and where its dropout is drawn from. It is a property of the call, not of the network,
 * so that one network can be trained and sampled from at the same time.
 */
public final class TrainingMode {
    private static final ThreadLocal<@Nullable RandomStream> RANDOM = new ThreadLocal<>();

    private TrainingMode() {}

    /** Runs {@code body} in training mode; dropout draws from {@code random}. */
    public static <R> R run(RandomStream random, Supplier<R> body) {
        RandomStream outer = RANDOM.get();
        RANDOM.set(random);
        try {
            return body.get();
        } finally {
            if (outer == null) {
                RANDOM.remove();
            } else {
                RANDOM.set(outer);
            }
        }
    }

    /** Whether the current thread trains. */
    public static boolean isActive() {
        return RANDOM.get() != null;
    }

    /** Where dropout is drawn from; empty where nothing is trained. */
    public static Optional<RandomStream> random() {
        return Optional.ofNullable(RANDOM.get());
    }
}
