// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.serve.ApiKeys;
import dev.diffusion4j.serve.RequestHead;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HttpStatus;
import io.javalin.http.SameSite;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who may come in: whoever has the start address, which holds a token, or one of the keys. Either is answered with a cookie that no script reads and no
 * other site's page sends; everything but the front door asks for it.
 */
final class Entry {
    /** Where the start address leads, and the page itself is. */
    static final String FRONT = "/";

    /** Where a key or a token is typed in. */
    static final String TYPED = "/enter";

    private static final int BITS = 128;

    private static final Set<String> ASKING = Set.of("GET", "HEAD");

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
                    + " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private final ApiKeys keys;
    private final String token = secret();
    private final String session = secret();
    private final String cookie;

    /** @param port of the address, which its cookie is called by: browsers send the cookies of a machine to all its ports */
    Entry(ApiKeys keys, int port) {
        this.keys = keys;
        this.cookie = "diffusion4j-studio-" + (port == 0 ? secret().substring(0, 8) : port);
    }

    private static String secret() {
        byte[] bytes = new byte[BITS / 8];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** What stands behind the address to begin with. */
    String query() {
        return "?token=" + token;
    }

    /** Of each answer: nothing from elsewhere runs or is shown, and nobody else frames or reads it. */
    static Map<String, String> headers() {
        return Map.of(
                "Content-Security-Policy",
                POLICY,
                "X-Content-Type-Options",
                "nosniff",
                "Referrer-Policy",
                "no-referrer",
                "X-Frame-Options",
                "DENY",
                "Cross-Origin-Opener-Policy",
                "same-origin",
                "Cross-Origin-Resource-Policy",
                "same-origin");
    }

    Optional<String> caller(RequestHead head) {
        return head.cookie(cookie).filter(value -> isEqual(value, session)).map(value -> "studio");
    }

    boolean isOpen(RequestHead head) {
        return ASKING.contains(head.method()) && head.path().equals(FRONT)
                || head.method().equals("POST") && head.path().equals(TYPED);
    }

    /** The front door, and where a key is typed in. */
    void add(RoutesConfig routes, Pages pages) {
        routes.get(FRONT, ctx -> {
            String given = ctx.queryParam("token");
            if (given != null && isEqual(given, token)) {
                let(ctx);
            } else if (given == null && isIn(ctx)) {
                pages.answer(ctx, "index.html");
            } else {
                pages.answer(ctx.status(401), "locked.html");
            }
        });
        routes.post(TYPED, ctx -> {
            String given = Form.value(ctx, "key").strip();
            boolean isKnown =
                    isEqual(given, token) || keys.owner("Bearer " + given).isPresent();
            if (isKnown) {
                let(ctx);
            } else {
                pages.answer(ctx.status(401), "locked.html");
            }
        });
    }

    private boolean isIn(Context ctx) {
        String value = ctx.cookie(cookie);
        return value != null && isEqual(value, session);
    }

    private void let(Context ctx) {
        Cookie given = new Cookie(cookie, session);
        given.setPath("/");
        given.setHttpOnly(true);
        given.setSameSite(SameSite.STRICT);
        ctx.cookie(given);
        ctx.header("Cache-Control", "no-store");
        ctx.redirect(FRONT, HttpStatus.SEE_OTHER);
    }

    private static boolean isEqual(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
