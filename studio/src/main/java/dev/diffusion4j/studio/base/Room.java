// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.guidance.LossGuidance;
import io.javalin.config.RoutesConfig;
import java.util.Optional;

/** One part of the studio, with a page of the same name. */
public interface Room extends AutoCloseable {
    /** Its routes begin with this and its name. */
    String API = "/studio/api/";

    /** A word in small letters. */
    String name();

    /** Its routes, all below {@code API + name()}. */
    void add(RoutesConfig routes);

    /** The guidance that a job's text asks for, where the room has what its loss looks with; empty for any other. */
    default Optional<LossGuidance> guide(String text) {
        return Optional.empty();
    }

    /** Ends what it has at work. */
    @Override
    default void close() {}
}
