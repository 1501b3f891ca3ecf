// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** Whether the server is well, its numbers, and what it can be asked for. */
final class MonitorRoutes {
    private final ServerMeter meter;
    private final AtomicBoolean ready;

    MonitorRoutes(ServerMeter meter, AtomicBoolean ready) {
        this.meter = meter;
        this.ready = ready;
    }

    void add(RoutesConfig routes) {
        for (String path : new String[] {"/health", "/health/ready"}) {
            routes.get(path, this::ready);
        }
        routes.get("/health/live", ctx -> Answers.json(ctx, 200, Map.of("live", true)));
        byte[] description = description();
        routes.get("/openapi.json", ctx -> ctx.contentType("application/json").result(description));
        routes.get("/metrics", ctx -> ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                .result(meter.text()));
    }

    private static byte[] description() {
        try (InputStream in = Objects.requireNonNull(MonitorRoutes.class.getResourceAsStream("openapi.json"))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void ready(Context ctx) {
        boolean isReady = ready.get();
        Answers.json(ctx, isReady ? 200 : 503, Map.of("live", true, "ready", isReady));
    }
}
