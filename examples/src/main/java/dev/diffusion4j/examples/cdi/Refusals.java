// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.QueueFullException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/** What a client gets in place of a picture: a status, and one line that says why. */
public final class Refusals {
    private static final int SECONDS_LATER = 5;

    private Refusals() {}

    private static Response.ResponseBuilder answer(int status, RuntimeException why) {
        return Response.status(status).type(MediaType.TEXT_PLAIN_TYPE).entity(why.getMessage());
    }

    /** As many wait as {@code pictures.queue} says. */
    @Provider
    public static class Full implements ExceptionMapper<QueueFullException> {
        @Override
        public Response toResponse(QueueFullException full) {
            return answer(429, full)
                    .header(HttpHeaders.RETRY_AFTER, SECONDS_LATER)
                    .build();
        }
    }

    /** The model cannot draw that, or a file or the memory failed. */
    @Provider
    public static class Wrong implements ExceptionMapper<Problem> {
        @Override
        public Response toResponse(Problem problem) {
            return answer(problem.kind() == Problem.Kind.REQUEST ? 400 : 500, problem)
                    .build();
        }
    }

    /** Nothing can draw that: no steps at all. */
    @Provider
    public static class Invalid implements ExceptionMapper<InvalidArgument> {
        @Override
        public Response toResponse(InvalidArgument invalid) {
            return answer(400, invalid).build();
        }
    }
}
