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
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/**
 * Who may call. A page of another site cannot: neither by a name of its own that it lets point here (DNS rebinding, so the {@code Host} is looked
 * at), nor from its own origin, unless that is allowed. Then a key is asked for, where there are keys.
 */
final class Access {
    private static final String CALLER = Access.class.getName();
    private static final Pattern HEALTH = Pattern.compile("/health(/live|/ready)?");
    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.%]+]|\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern HEADER_NAMES = Pattern.compile("[\\w, -]{1,1000}");

    private final ServerConfig config;
    private final ServerExtension extension;
    private final Set<String> names = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    Access(ServerConfig config, ServerExtension extension) {
        this.config = config;
        this.extension = extension;
        names.add(config.host().toLowerCase(Locale.ROOT));
        config.publicName().ifPresent(names::add);
        if (!config.isLocal()) {
            try {
                names.add(InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT));
            } catch (UnknownHostException e) {
                // a machine without a name is called by its address
            }
        }
    }

    /** Before anything else of a request. */
    void check(Request request, Response response) {
        String host = request.getHeaders().get(HttpHeader.HOST);
        checkHost(host);
        checkOrigin(request, response.getHeaders(), host);
        request.setAttribute(CALLER, owner(request).orElseGet(() -> Request.getRemoteAddr(request)));
    }

    /** Empty where nobody need be known. */
    private Optional<String> owner(Request request) {
        boolean asks = extension.guards() || !config.keys().isEmpty();
        if (!asks || isOpen(request) || HttpMethod.OPTIONS.is(request.getMethod())) {
            return Optional.empty();
        }
        RequestHead head = new RequestHead(request);
        if (extension.isOpen(head)) {
            return Optional.empty();
        }
        Optional<String> owner = config.keys().owner(request.getHeaders().get(HttpHeader.AUTHORIZATION));
        if (owner.isEmpty() && isFromOwnPage(request)) {
            owner = extension.caller(head);
        }
        if (owner.isEmpty()) {
            throw new Refusal(401, "a key is needed: send Authorization: Bearer KEY", "invalid_api_key", null);
        }
        return owner;
    }

    /** Browsers send the cookies of a name to all its ports, and say in this header whose page it was that asked. */
    private static boolean isFromOwnPage(Request request) {
        String site = request.getHeaders().get("Sec-Fetch-Site");
        return site == null || site.equals("same-origin") || site.equals("none");
    }

    /** Whether it asks for what anybody may know: health, and pictures by their addresses. */
    static boolean isOpen(Request request) {
        return isOpen(request.getHttpURI().getPath())
                && isOpen(request.getHttpURI().getCanonicalPath());
    }

    private static boolean isOpen(@Nullable String path) {
        return path != null && (HEALTH.matcher(path).matches() || path.startsWith(ResultRoutes.PATH));
    }

    /** By whom a request is: the same word for the same key, or address where there are no keys. */
    static String caller(Request request) {
        return String.valueOf(request.getAttribute(CALLER));
    }

    /** {@link #caller(Request)}. */
    static String caller(Context ctx) {
        return String.valueOf(ctx.req().getAttribute(CALLER));
    }

    private void checkHost(@Nullable String header) {
        if (!config.keys().isEmpty() && !(extension.guards() && config.isLocal()) || extension.hasAnyName()) {
            return; // a page elsewhere does not know the key, or gains nothing
        }
        String host = header == null ? "" : header.toLowerCase(Locale.ROOT).replaceFirst(":\\d+$", "");
        boolean isKnown = names.contains(host)
                || !config.isLocal() && ADDRESS.matcher(host).matches();
        if (!isKnown) {
            throw new Refusal(
                    403, "this server does not go by the name of the request's Host", "host_not_allowed", null);
        }
    }

    /** Those that the page asks for: clients such as OpenAI's say with a dozen of them what they are. */
    private static String allowedHeaders(Request request) {
        String asked = request.getHeaders().get("Access-Control-Request-Headers");
        return asked != null && HEADER_NAMES.matcher(asked).matches()
                ? asked
                : "Authorization, Content-Type, Last-Event-ID";
    }

    private void checkOrigin(Request request, HttpFields.Mutable answer, @Nullable String host) {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin == null) {
            return;
        }
        List<String> allowed = config.cors();
        if (allowed.contains("*") || allowed.contains(origin)) {
            answer.put("Access-Control-Allow-Origin", origin);
            answer.put("Vary", "Origin");
            answer.put("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS");
            answer.put("Access-Control-Allow-Headers", allowedHeaders(request));
            answer.put("Access-Control-Expose-Headers", "Location, Retry-After, " + Answers.IGNORED);
            answer.put("Access-Control-Max-Age", "3600");
        } else if (host == null || !origin.replaceFirst("^https?://", "").equalsIgnoreCase(host)) {
            throw new Refusal(
                    403, "pages of the request's Origin may not call this server", "origin_not_allowed", null);
        }
    }
}
