// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import io.javalin.config.RoutesConfig;

/** One part of the studio, with a page of the same name. */
public interface Room extends AutoCloseable {
    /** Its routes begin with this and its name. */
    String API = "/studio/api/";

    /** A word in small letters. */
    String name();

    /** Its routes, all below {@code API + name()}. */
    void add(RoutesConfig routes);

    /** Ends what it has at work. */
    @Override
    default void close() {}
}
