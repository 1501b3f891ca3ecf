// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.http.Context;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may call. A page of another site cannot: neither by a name of its own that it lets point here (DNS rebinding, so the {@code Host} is looked
 * at), nor from its own origin, unless that is allowed. Then a key is asked for, where there are keys.
 */
final class Access {
    private static final String CALLER = "caller";
    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.%]+]|\\d{1,3}(\\.\\d{1,3}){3}");

    private final ServerConfig config;
    private final Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    Access(ServerConfig config) {
        this.config = config;
        names.add(config.host().toLowerCase(Locale.ROOT));
        if (!config.isLocal()) {
            try {
                names.add(InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT));
            } catch (UnknownHostException e) {
                // a machine without a name is called by its address
            }
        }
    }

    /** Before anything else of a request. */
    void check(Context ctx) {
        String host = ctx.header("Host");
        checkHost(host);
        checkOrigin(ctx, host);
        boolean isOpen = ctx.path().startsWith("/health") || ctx.path().startsWith(ResultRoutes.PATH);
        if (!config.keys().isEmpty() && !isOpen && !ctx.method().name().equals("OPTIONS")) {
            Optional<String> owner = config.keys().owner(ctx.header("Authorization"));
            if (owner.isEmpty()) {
                ctx.header("WWW-Authenticate", "Bearer");
                throw new Refusal(401, "a key is needed: send Authorization: Bearer KEY", "invalid_api_key", null);
            }
            ctx.attribute(CALLER, owner.get());
        }
    }

    /** By whom a request is: the same word for the same key, or address where there are no keys. */
    static String caller(Context ctx) {
        String owner = ctx.attribute(CALLER);
        return owner == null ? ctx.ip() : owner;
    }

    private void checkHost(@Nullable String header) {
        if (!config.keys().isEmpty()) {
            return; // a page elsewhere does not know the key
        }
        String host = header == null ? "" : header.toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
        boolean isKnown = names.contains(host)
                || !config.isLocal() && ADDRESS.matcher(host).matches();
        if (!isKnown) {
            throw new Refusal(
                    403, "this server does not go by the name of the request's Host", "host_not_allowed", null);
        }
    }

    private void checkOrigin(Context ctx, @Nullable String host) {
        String origin = ctx.header("Origin");
        if (origin == null) {
            return;
        }
        List<String> allowed = config.cors();
        if (allowed.contains("*") || allowed.contains(origin)) {
            ctx.header("Access-Control-Allow-Origin", origin);
            ctx.header("Vary", "Origin");
            ctx.header("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
            ctx.header("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID");
            ctx.header("Access-Control-Expose-Headers", "Retry-After, " + Answers.IGNORED);
            ctx.header("Access-Control-Max-Age", "3600");
        } else if (host == null || !origin.replaceFirst("^https?://", "").equalsIgnoreCase(host)) {
            throw new Refusal(
                    403, "pages of the request's Origin may not call this server", "origin_not_allowed", null);
        }
    }
}
