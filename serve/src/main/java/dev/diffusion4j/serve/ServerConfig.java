// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and for whom.
 *
 * @param host the address of this machine that it listens on
 * @param port 0 for any that is free
 * @param keys that callers must show; where there are none, whoever reaches the port may call
 * @param publicUrl how clients reach it where that is not as it listens, behind a proxy that ends TLS for example: {@code https://pictures.example.org},
 *     without a slash at its end; {@code null} for as each request says
 * @param insecure whether a port that other machines reach may be without keys
 * @param aliases further names of models, each to the name of one
 * @param cors origins whose pages may call, such as {@code https://example.org}; {@code *} for all
 * @param loraDir the folder of the adapters that requests may name, or {@code null}
 * @param limits of a request
 * @param keeping how long finished pictures can be fetched
 */
public record ServerConfig(
        String host,
        int port,
        @Nullable String publicUrl,
        ApiKeys keys,
        boolean insecure,
        Map<String, String> aliases,
        List<String> cors,
        @Nullable Path loraDir,
        Limits limits,
        Duration keeping) {
    private static final int MOST_PORTS = 65_535;

    /** For this machine alone. */
    public static final ServerConfig DEFAULT = new ServerConfig(
            "127.0.0.1",
            7860,
            null,
            ApiKeys.NONE,
            false,
            Map.of(),
            List.of(),
            null,
            Limits.DEFAULT,
            Duration.ofHours(1));

    /** @throws Problem (a wrong request) where other machines would reach it and nobody asked for that */
    public ServerConfig {
        Check.inRange(port, 0, MOST_PORTS, "{port}");
        publicUrl = publicUrl == null ? null : checkedUrl(publicUrl);
        aliases = Collections.unmodifiableMap(new LinkedHashMap<>(aliases));
        cors = List.copyOf(cors);
        if (keys.isEmpty() && !insecure && !isLoopback(host)) {
            throw Problem.request(
                    "{host} " + host + " can be reached from other machines: give the keys of those who may"
                            + " call with {apiKeyFile}, or say {insecure} where anybody may");
        }
        if (!keys.isEmpty() && insecure) {
            throw Problem.request("{insecure} is for a server without keys: omit it, or {apiKeyFile}");
        }
    }

    private static String checkedUrl(String url) {
        URI uri = URI.create("");
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            // it has no scheme
        }
        boolean isWeb = "https".equalsIgnoreCase(uri.getScheme()) || "http".equalsIgnoreCase(uri.getScheme());
        boolean isPlain = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null;
        if (!isWeb || uri.getHost() == null || !isPlain) {
            throw Problem.request("{publicUrl} must be an address by which clients reach this server, such as"
                    + " https://pictures.example.org, but was '" + url + "'");
        }
        return url.replaceFirst("/+$", "");
    }

    /** The name by which clients call it besides, in small letters. */
    Optional<String> publicName() {
        return Optional.ofNullable(publicUrl)
                .map(url -> URI.create(url).getHost().toLowerCase(Locale.ROOT));
    }

    /** Whether only this machine reaches it. */
    boolean isLocal() {
        return isLoopback(host);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw Problem.request(
                    "{host} must be an address of this machine, but '" + host + "' is none that is known");
        }
    }

    /** {@code ServerConfig.DEFAULT.with(c -> c.port = 0)}: the result is checked anew. */
    public ServerConfig with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public String host;
        public int port;
        public @Nullable String publicUrl;
        public ApiKeys keys;
        public boolean insecure;
        public Map<String, String> aliases;
        public List<String> cors;
        public @Nullable Path loraDir;
        public Limits limits;
        public Duration keeping;

        private Draft(ServerConfig from) {
            host = from.host;
            port = from.port;
            publicUrl = from.publicUrl;
            keys = from.keys;
            insecure = from.insecure;
            aliases = from.aliases;
            cors = from.cors;
            loraDir = from.loraDir;
            limits = from.limits;
            keeping = from.keeping;
        }

        private ServerConfig done() {
            return new ServerConfig(host, port, publicUrl, keys, insecure, aliases, cors, loraDir, limits, keeping);
        }
    }
}
