// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Proxies by {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}, as most tools read them; never for an
 * address of this machine. Thread-safe.
 */
public final class EnvironmentProxies extends ProxySelector {
    private final Map<String, String> environment;

    /** @param environment holds the variables */
    public EnvironmentProxies(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /**
     * @return one proxy, or none
     * @throws Problem (a wrong request) where the variable holds something else than {@code http://HOST:PORT}, without repeating it
     */
    @Override
    public List<Proxy> select(URI address) {
        String host = String.valueOf(address.getHost());
        String scheme = String.valueOf(address.getScheme());
        String text = variable(scheme + "_proxy");
        text = text.isEmpty() ? variable("all_proxy") : text;
        boolean isNear = host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
        if (text.isEmpty() || isNear || isExcepted(host)) {
            return List.of(Proxy.NO_PROXY);
        }
        try {
            URI proxy = URI.create(text.contains("://") ? text : "http://" + text);
            if (proxy.getHost() != null && "http".equals(proxy.getScheme())) {
                int port = proxy.getPort() < 0 ? 80 : proxy.getPort();
                return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), port)));
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw Problem.request("the proxy for " + scheme + " addresses must be written as http://HOST:PORT, see "
                + scheme.toUpperCase(Locale.ROOT) + "_PROXY");
    }

    /** In small or in capital letters. */
    private String variable(String name) {
        String small = environment.getOrDefault(name, "").strip();
        return small.isEmpty()
                ? environment.getOrDefault(name.toUpperCase(Locale.ROOT), "").strip()
                : small;
    }

    private boolean isExcepted(String host) {
        return Arrays.stream(variable("no_proxy").split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .map(name -> name.replaceFirst("^\\*?\\.", ""))
                .anyMatch(name -> name.equals("*") || host.equals(name) || host.endsWith("." + name));
    }

    @Override
    public void connectFailed(URI address, SocketAddress proxy, IOException reason) {}
}
