// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import io.javalin.config.RoutesConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What another module adds to a server: routes and pages of its own behind the same checks, another way to know a caller than by a key, and places for
 * adapters and finished pictures. Its routes throw {@link Refusal}s and problems, which are worded as those of the server.
 */
public interface ServerExtension {
    /** Adds nothing. */
    ServerExtension NONE = new ServerExtension() {};

    /** Whether nobody may call whom it does not know, keys or not, and no page from another port either. */
    default boolean guards() {
        return false;
    }

    /**
     * Who calls, by something else than a key: a cookie, for example.
     *
     * @return the same word for the same caller; empty where it is not known
     */
    default Optional<String> caller(RequestHead head) {
        return Optional.empty();
    }

    /** Whether anybody may ask for it; the route looks at the caller itself. */
    default boolean isOpen(RequestHead head) {
        return false;
    }

    /** Whether it may be called by any name, as behind another server: what it does is worth nothing to a page of another site. */
    default boolean hasAnyName() {
        return false;
    }

    /** Headers of each answer. */
    default Map<String, String> headers() {
        return Map.of();
    }

    /** An adapter by the name that a request, or a prompt, calls it, looked for before the server's own folder. */
    default Optional<Path> lora(String name) {
        return Optional.empty();
    }

    /**
     * A guidance as text that the server itself has no loss for, {@code clip=a red rose:8} for example.
     *
     * @return what it stands for; empty where it is not known here either
     */
    default Optional<LossGuidance> guide(String text) {
        return Optional.empty();
    }

    /**
     * A job has finished a picture; on the thread that draws.
     *
     * @param picture with notes that say nothing of the server's temporary files
     * @return where it was kept, as the job's description then says; {@code null} where it was not
     */
    default @Nullable String keep(FinishedPicture picture) {
        return null;
    }

    /**
     * Its routes, when the engine is there.
     *
     * @param routes of the server
     */
    default void add(RoutesConfig routes, DiffusionService service) {}
}
