// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where the Hub is and what this machine knows of it, by the environment variables that {@code huggingface_hub} reads.
 *
 * @param endpoint the Hub's address ({@code HF_ENDPOINT})
 * @param cache where files are kept ({@code HF_HUB_CACHE}, else {@code HF_HOME/hub})
 * @param tokenFile where {@code diffuse hub login} puts the token ({@code HF_TOKEN_PATH}, else {@code HF_HOME/token})
 * @param token who asks; {@code null} for nobody ({@code HF_TOKEN}, else the file's content)
 * @param offline whether nothing may be asked ({@code HF_HUB_OFFLINE})
 * @param patience how long to wait for an answer, or for more of it ({@code HF_HUB_DOWNLOAD_TIMEOUT}, seconds)
 * @param environment the variables that name proxies; others are left out
 */
public record HubSettings(
        URI endpoint,
        Path cache,
        Path tokenFile,
        @Nullable HubToken token,
        boolean offline,
        Duration patience,
        Map<String, String> environment) {
    private static final String ENDPOINT = "https://huggingface.co";
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
    private static final int PATIENCE_SECONDS = 10;
    private static final BigInteger LONGEST_PATIENCE = BigInteger.valueOf(1_000_000); // seconds; more than a week

    public HubSettings {
        environment = environment.entrySet().stream() // its other variables, tokens among them, are nobody's business
                .filter(entry -> entry.getKey().toLowerCase(Locale.ROOT).endsWith("_proxy"))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** Of this process; a system property of a variable's name goes before the variable. */
    public static HubSettings fromEnvironment() {
        return of(variables(), home());
    }

    /** As {@link #fromEnvironment}, but for nobody: a token is not even looked at, so that a bad one can be replaced. */
    public static HubSettings withoutToken() {
        return of(variables(), home(), false);
    }

    private static Map<String, String> variables() {
        Map<String, String> all = new HashMap<>(System.getenv());
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("HF_"))
                .forEach(name -> all.put(name, System.getProperty(name)));
        return all;
    }

    private static Path home() {
        return Path.of(System.getProperty("user.home"));
    }

    /** @param home the user's folder */
    public static HubSettings of(Map<String, String> environment, Path home) {
        return of(environment, home, true);
    }

    private static HubSettings of(Map<String, String> environment, Path home, boolean readsToken) {
        Variables all = new Variables(environment);
        Path base = all.path("HF_HOME");
        if (base == null) {
            Path caches = all.path("XDG_CACHE_HOME");
            base = (caches == null ? home.resolve(".cache") : caches).resolve("huggingface");
        }
        Path cache = all.path("HF_HUB_CACHE");
        cache = cache == null ? all.path("HUGGINGFACE_HUB_CACHE") : cache;
        Path tokenFile = all.path("HF_TOKEN_PATH");
        Path ownTokenFile = tokenFile == null ? base.resolve("token") : tokenFile;
        return new HubSettings(
                endpoint(all.text("HF_ENDPOINT")),
                cache == null ? base.resolve("hub") : cache,
                ownTokenFile,
                readsToken && !all.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? token(all, ownTokenFile) : null,
                all.isTrue("HF_HUB_OFFLINE") || all.isTrue("TRANSFORMERS_OFFLINE"),
                all.seconds("HF_HUB_DOWNLOAD_TIMEOUT", PATIENCE_SECONDS),
                environment);
    }

    /** The same for another token. */
    public HubSettings withToken(@Nullable HubToken value) {
        return new HubSettings(endpoint, cache, tokenFile, value, offline, patience, environment);
    }

    /**
     * Writes the token to {@link #tokenFile}, for nobody else to read.
     *
     * @throws Problem (a failure) where it cannot be written
     */
    public void keepToken() {
        String secret = Objects.requireNonNull(token).secret();
        try {
            Path file = AtomicFile.followed(tokenFile);
            Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
            Files.createDirectories(folder);
            Path fresh = Files.createTempFile(folder, ".token", ""); // its owner's alone, where the system knows owners
            Files.writeString(fresh, secret);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw Problem.failure("cannot keep the token in " + tokenFile + ": " + AtomicFile.reason(e), e);
        }
    }

    private static URI endpoint(@Nullable String text) {
        String address = text == null ? ENDPOINT : text.replaceAll("/+$", "");
        try {
            URI uri = URI.create(address);
            if (uri.getHost() != null && Set.of("http", "https").contains(String.valueOf(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw Problem.request("HF_ENDPOINT is '" + text + "', which is no address: give it as " + ENDPOINT);
    }

    private static @Nullable HubToken token(Variables all, Path file) {
        for (String name : new String[] {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
            String value = all.text(name);
            if (value != null) {
                return HubToken.of(value, name);
            }
        }
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            String text = Files.readString(file).strip();
            return text.isEmpty() ? null : HubToken.of(text, file.toString());
        } catch (IOException e) {
            throw Problem.failure("cannot read the Hub's token in " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Empty variables count as unset. */
    private record Variables(Map<String, String> all) {
        @Nullable
        String text(String name) {
            String value = all.getOrDefault(name, "").strip();
            return value.isEmpty() ? null : value;
        }

        @Nullable
        Path path(String name) {
            String value = text(name);
            return value == null ? null : Path.of(value.replaceFirst("^~(?=/|$)", all.getOrDefault("HOME", "~")));
        }

        boolean isTrue(String name) {
            String value = text(name);
            return value != null && TRUE.contains(value.toUpperCase(Locale.ROOT));
        }

        Duration seconds(String name, int otherwise) {
            String value = text(name);
            try {
                return Duration.ofSeconds(
                        value == null
                                ? otherwise
                                : new BigInteger(value)
                                        .max(BigInteger.ONE)
                                        .min(LONGEST_PATIENCE)
                                        .longValue());
            } catch (NumberFormatException e) {
                throw Problem.request(name + " is '" + value + "', but must be a whole number of seconds");
            }
        }
    }
}
