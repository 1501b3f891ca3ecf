// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.EnvironmentProxies;
import dev.diffusion4j.base.Problem;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the MLflow server is and who asks, by the environment variables that MLflow's own client reads.
 *
 * @param address the server ({@code MLFLOW_TRACKING_URI}), without a name or a password in it
 * @param authorization the header that says who asks ({@code MLFLOW_TRACKING_USERNAME} and {@code …_PASSWORD}, else {@code
 *     …_TOKEN}); {@code null} for nobody
 * @param experimentId {@code MLFLOW_EXPERIMENT_ID}; {@code null} where the experiment goes by its name
 * @param experiment {@code MLFLOW_EXPERIMENT_NAME}; {@code null} for the recipe's project
 * @param patience how long to wait for an answer ({@code MLFLOW_HTTP_REQUEST_TIMEOUT}, seconds)
 * @param proxies by which it is reached
 */
record MlflowSettings(
        URI address,
        @Nullable Secret authorization,
        @Nullable String experimentId,
        @Nullable String experiment,
        Duration patience,
        EnvironmentProxies proxies) {
    /** Where {@code mlflow server} listens by default. */
    private static final String ADDRESS = "http://127.0.0.1:5000";

    private static final int PATIENCE_SECONDS = 30;
    private static final int LONGEST_PATIENCE = 3600;
    private static final Pattern PRINTED = Pattern.compile("[\\x20-\\x7E]+");

    /** A header's value that cannot be printed by accident. */
    record Secret(String value) {
        @Override
        public String toString() {
            return "a secret";
        }
    }

    /** Of this process; a system property of a variable's name goes before the variable. */
    static MlflowSettings fromEnvironment() {
        Map<String, String> all = new HashMap<>(System.getenv());
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("MLFLOW_"))
                .forEach(name -> all.put(name, System.getProperty(name)));
        return of(all);
    }

    /**
     * As the variables say.
     *
     * @throws Problem (a wrong request) where one of them cannot be, without repeating a secret
     */
    static MlflowSettings of(Map<String, String> environment) {
        URI given = address(text(environment, "MLFLOW_TRACKING_URI"));
        return new MlflowSettings(
                plain(given),
                authorization(environment, given.getUserInfo()),
                text(environment, "MLFLOW_EXPERIMENT_ID"),
                text(environment, "MLFLOW_EXPERIMENT_NAME"),
                patience(text(environment, "MLFLOW_HTTP_REQUEST_TIMEOUT")),
                new EnvironmentProxies(environment));
    }

    /** Empty variables count as unset. */
    private static @Nullable String text(Map<String, String> environment, String name) {
        String value = environment.getOrDefault(name, "").strip();
        return value.isEmpty() ? null : value;
    }

    private static URI address(@Nullable String text) {
        try {
            URI address = new URI(text == null ? ADDRESS : text);
            if (address.getHost() != null && Set.of("http", "https").contains(String.valueOf(address.getScheme()))) {
                return address;
            }
        } catch (URISyntaxException e) {
            // reported below
        }
        // the value is not repeated: a database's address holds its password
        throw Problem.request("the tracker mlflow sends to a server: set MLFLOW_TRACKING_URI to its address, such as "
                + ADDRESS + "; folders and databases are written by a server only, mlflow server");
    }

    private static URI plain(URI given) {
        try {
            String path = given.getPath() == null ? "" : given.getPath().replaceAll("/+$", "");
            return new URI(given.getScheme(), null, given.getHost(), given.getPort(), path, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e); // it was one before
        }
    }

    private static @Nullable Secret authorization(Map<String, String> environment, @Nullable String inAddress) {
        String name = text(environment, "MLFLOW_TRACKING_USERNAME");
        String password = text(environment, "MLFLOW_TRACKING_PASSWORD");
        String pair = name != null && password != null ? name + ":" + password : inAddress;
        if (pair != null) {
            return new Secret("Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
        }
        String token = text(environment, "MLFLOW_TRACKING_TOKEN");
        if (token != null && !PRINTED.matcher(token).matches()) {
            throw Problem.request("MLFLOW_TRACKING_TOKEN holds characters that no token has: copy it again");
        }
        return token == null ? null : new Secret("Bearer " + token);
    }

    private static Duration patience(@Nullable String seconds) {
        try {
            int wanted = seconds == null ? PATIENCE_SECONDS : Integer.parseInt(seconds);
            return Duration.ofSeconds(Math.min(LONGEST_PATIENCE, Math.max(1, wanted)));
        } catch (NumberFormatException e) {
            throw Problem.request(
                    "MLFLOW_HTTP_REQUEST_TIMEOUT is '" + seconds + "', but must be a whole number of seconds");
        }
    }
}
