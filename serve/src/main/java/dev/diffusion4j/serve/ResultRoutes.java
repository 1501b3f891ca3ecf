// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import org.jspecify.annotations.Nullable;

/** Finished pictures by their addresses; whoever knows one may fetch it, also without a key. */
final class ResultRoutes {
    static final String PATH = "/results/";

    private final Results results;
    private final @Nullable String publicUrl;

    /** @param publicUrl how callers reach the server; {@code null} for as they say themselves */
    ResultRoutes(Results results, @Nullable String publicUrl) {
        this.results = results;
        this.publicUrl = publicUrl;
    }

    void add(RoutesConfig routes) {
        routes.get(PATH + "{name}", this::get);
    }

    /** Keeps a picture for a while; returns the address by which the caller reaches it. */
    String address(Context ctx, byte[] file, PictureForm form) {
        String server = publicUrl == null ? ctx.scheme() + "://" + ctx.host() : publicUrl;
        return server + PATH + results.put(file, form.kind());
    }

    private void get(Context ctx) {
        Results.Kept kept = results.get(ctx.pathParam("name"))
                .orElseThrow(() -> Refusal.missing("there is no such picture any more"));
        ctx.header("Cache-Control", "private, max-age=3600");
        ctx.header("X-Content-Type-Options", "nosniff");
        ctx.contentType(kept.kind().type()).result(kept.file());
    }
}
