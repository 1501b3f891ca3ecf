// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.eclipse.jetty.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/** An answer of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), each sent at once. */
final class EventStream {
    private final OutputStream out;
    private final Outbox outbox;

    /** Begins the answer. */
    EventStream(Context ctx) {
        HttpServletResponse response = ctx.res();
        outbox = outbox(ctx);
        describe(response);
        try {
            out = response.getOutputStream();
            response.flushBuffer();
        } catch (IOException e) {
            throw new ClientGone();
        }
    }

    /** Where the head of the answer is all that is asked for, it is answered at once, and no events follow. */
    static boolean answersHead(Context ctx) {
        boolean isHead = HttpMethod.HEAD.is(outbox(ctx).getRequest().getMethod());
        if (isHead) {
            describe(ctx.res());
        }
        return isHead;
    }

    private static Outbox outbox(Context ctx) {
        return (Outbox) Objects.requireNonNull(ctx.req().getAttribute(Outbox.ATTRIBUTE));
    }

    private static void describe(HttpServletResponse response) {
        response.setStatus(200);
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Accel-Buffering", "no"); // a proxy is not to collect them
        response.setHeader("Connection", "close");
    }

    /** Whether the reader has not read what was sent before. */
    boolean isBehind() {
        return outbox.isBehind();
    }

    /**
     * @param id to resume after, or {@code null}
     * @throws ClientGone where nobody reads any more
     */
    void send(@Nullable Long id, String event, Object data) {
        write((id == null ? "" : "id: " + id + "\n") + "event: " + event + "\ndata: " + Json.compact(data) + "\n\n");
    }

    /** Something that clients skip, so that nobody in between takes the connection for dead. */
    void keepAlive() {
        write(":\n\n");
    }

    private void write(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException | IllegalStateException e) { // the latter where the request has been ended since
            throw new ClientGone();
        }
    }
}
