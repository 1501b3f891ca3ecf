// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.service.JobExpiredException;
import dev.diffusion4j.service.QueueFullException;
import dev.diffusion4j.service.ServiceClosedException;
import io.javalin.http.HttpResponseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.eclipse.jetty.http.HttpException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a caller is answered where something went wrong, in OpenAI's form.
 *
 * @param status of HTTP
 * @param code a word for programs
 * @param param the field that is wrong
 */
record ErrorAnswer(int status, String message, String code, @Nullable String param) {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorAnswer.class);
    private static final String NO_ROUTE = "there is no such route here";

    static Refusal noSuchRoute() {
        return new Refusal(404, NO_ROUTE, "no_such_route", null);
    }

    static ErrorAnswer of(Throwable error) {
        JsonNames names = new JsonNames();
        String message = Worded.message(error, names);
        if (error instanceof Refusal refusal) {
            String param = refusal.param() == null ? names.first() : refusal.param();
            return new ErrorAnswer(refusal.status(), message, refusal.code(), param);
        }
        if (error instanceof QueueFullException) {
            return new ErrorAnswer(429, message, "queue_full", null);
        }
        if (error instanceof Problem problem && Adapters.isAbout(problem)) { // whose message names places
            LOG.warn("an adapter was refused: {}", error.getMessage());
            return new ErrorAnswer(422, Adapters.noUse(problem), "lora_not_usable", "loras");
        }
        if (error instanceof Problem problem && problem.kind() == Problem.Kind.REQUEST) {
            return new ErrorAnswer(422, message, "cannot_be_drawn", names.first());
        }
        if (error instanceof IllegalArgumentException) {
            return new ErrorAnswer(400, message, "invalid_value", names.first());
        }
        if (error instanceof JobExpiredException) {
            return new ErrorAnswer(504, message, "timeout", null);
        }
        if (error instanceof CancellationException) {
            return new ErrorAnswer(503, message, "cancelled", null);
        }
        if (error instanceof HttpResponseException known) {
            return new ErrorAnswer(known.getStatus(), NO_ROUTE, "no_such_route", null);
        }
        if (error instanceof HttpException broken) { // Jetty's, of a request that is no HTTP or does not come in time
            return new ErrorAnswer(broken.getCode(), "the request cannot be read", "malformed_request", null);
        }
        return unexpected(error);
    }

    private static ErrorAnswer unexpected(Throwable error) {
        if (error instanceof ServiceClosedException) {
            return new ErrorAnswer(503, "this server is about to stop", "stopping", null);
        }
        if (error instanceof Problem) {
            LOG.warn("a drawing failed: {}", error.getMessage());
        } else {
            LOG.error("a request failed", error);
        }
        return new ErrorAnswer(500, "the server failed; its log says why", "server_error", null);
    }

    /** Whether the same request may be answered otherwise a little later. */
    boolean isForLater() {
        return status == 429 || status == 503;
    }

    /** Whether the same request would fail again after as much work; OpenAI's clients send it twice more unless an answer says so. */
    boolean isFinal() {
        return status == 500 || status == 504;
    }

    /** {@code {"message", "type", "param", "code"}}. */
    Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("message", message);
        map.put("type", status == 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error");
        map.put("param", param);
        map.put("code", code);
        return map;
    }
}
