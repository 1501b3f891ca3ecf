// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.Optional;
import org.eclipse.jetty.http.HttpCookie;
import org.eclipse.jetty.server.Request;

/** What is known of a request before its body comes. */
public final class RequestHead {
    private final Request request;

    RequestHead(Request request) {
        this.request = request;
    }

    /** {@code GET}, for example. */
    public String method() {
        return request.getMethod();
    }

    /** Without dots and double slashes; empty where what was sent is another one than it seems. */
    public String path() {
        String path = String.valueOf(request.getHttpURI().getPath());
        return path.equals(request.getHttpURI().getCanonicalPath()) ? path : "";
    }

    /** Of a header's first field. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    /** A cookie's value. */
    public Optional<String> cookie(String name) {
        return Request.getCookies(request).stream()
                .filter(cookie -> cookie.getName().equals(name))
                .map(HttpCookie::getValue)
                .findFirst();
    }
}
