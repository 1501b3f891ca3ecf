// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where requests come in and answers go out. Who may not call is refused by the head of the request; then its body is taken in, and the routes are
 * called when it is whole. No thread waits for a client, neither for what it sends nor for what it does not read, so that no number of slow
 * ones keeps the others out.
 */
final class Door extends Handler.Wrapper {
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);
    private static final String BODY = SentBody.class.getName();

    private final Access access;
    private final Map<String, String> headers;
    private final Limits limits;
    private final ServerMeter meter;
    private final Callers callers;
    private final ByteBudget bodies;
    private final Unsent unsent;
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean isOpen;

    /** @param headers of each answer */
    Door(Access access, Map<String, String> headers, Limits limits, ServerMeter meter) {
        this.access = access;
        this.headers = headers;
        this.limits = limits;
        this.meter = meter;
        this.callers = new Callers(limits.requests());
        this.bodies = new ByteBudget(limits.bodies());
        this.unsent = new Unsent(limits.answers());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Outbox answer = new Outbox(request, response, callback, unsent);
        long begun = System.nanoTime();
        inside.incrementAndGet();
        headers.forEach((name, value) -> answer.getHeaders().put(name, value));
        answer.onEnd(() -> {
            inside.decrementAndGet();
            log(answer, (System.nanoTime() - begun) / 1_000_000);
        });
        try {
            access.check(request, answer);
            if (!isOpen && !Access.isOpen(request)) {
                throw new Refusal(503, "the models are being looked at: come again in a second", "starting", null);
            }
            if (IncomingBody.isSentBy(request)) {
                new IncomingBody(
                                request, limits.body(), bodies, body -> enter(answer, body), why -> refuse(answer, why))
                        .read();
            } else {
                enter(answer, new SentBody(new byte[0], bodies, 0));
            }
        } catch (Refusal e) {
            refuse(answer, e);
        }
        return true;
    }

    /** From now on requests get further than their health. */
    void open() {
        isOpen = true;
    }

    private void enter(Outbox answer, SentBody body) {
        Request request = answer.getRequest();
        answer.onEnd(body::close);
        try {
            if (!Access.isOpen(request)) {
                String caller = Access.caller(request);
                callers.enter(caller);
                answer.onEnd(() -> callers.leave(caller));
            }
            request.setAttribute(BODY, body);
            request.setAttribute(Outbox.ATTRIBUTE, answer);
            if (!Objects.requireNonNull(getHandler()).handle(asGet(request), answer, answer)) { // OPTIONS * has no path
                refuse(answer, ErrorAnswer.noSuchRoute());
            }
        } catch (Refusal e) {
            refuse(answer, e);
        } catch (Exception e) {
            Response.writeError(request, answer, answer, e);
        }
    }

    /** Routes answer HEAD as GET; of the answer the connection sends the head alone. */
    private static Request asGet(Request request) {
        return !HttpMethod.HEAD.is(request.getMethod())
                ? request
                : new Request.Wrapper(request) {
                    @Override
                    public String getMethod() {
                        return HttpMethod.GET.asString();
                    }
                };
    }

    /** The body of a request. */
    static SentBody body(jakarta.servlet.http.HttpServletRequest request) {
        return (SentBody) Objects.requireNonNull(request.getAttribute(BODY));
    }

    private void refuse(Outbox answer, Refusal why) {
        ErrorAnswer error = ErrorAnswer.of(why);
        answer.setStatus(error.status());
        if (error.isForLater()) {
            answer.getHeaders().put(HttpHeader.RETRY_AFTER, String.valueOf(meter.retrySeconds()));
        }
        if (error.status() == 401) {
            answer.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
        }
        if (IncomingBody.isSentBy(answer.getRequest())) {
            answer.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        answer.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        Content.Sink.write(answer, true, Json.compact(Map.of("error", error.toMap())), answer);
    }

    /** Of places that only those may know who were given them, the log has the kind alone. */
    private static void log(Outbox answer, long millis) {
        Request request = answer.getRequest();
        String path = String.valueOf(request.getHttpURI().getPath());
        LOG.info("{} {} {} in {} ms", request.getMethod(), shown(path), answer.getStatus(), millis);
    }

    static String shown(String path) {
        for (String secret : new String[] {ResultRoutes.PATH, JobRoutes.PATH + "/"}) {
            if (path.startsWith(secret)) {
                int end = path.indexOf('/', secret.length());
                return secret + "…" + (end < 0 ? "" : path.substring(end));
            }
        }
        return path;
    }

    /** Waits until all who are inside have their answers; false where some had none in time. */
    boolean awaitEmpty(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        try {
            while (inside.get() > 0 && System.nanoTime() < end) {
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return inside.get() == 0;
    }

    /** What it holds of bodies and of answers, for tests. */
    long bytes() {
        return bodies.taken() + unsent.bytes();
    }
}
