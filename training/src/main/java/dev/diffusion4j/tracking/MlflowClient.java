// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Single requests to an MLflow server, by its REST API 2.0. Nothing is tried twice and no redirect is followed; the user's
 * name and token go to this server and to no other. Thread-safe.
 */
final class MlflowClient {
    private static final int LONGEST_ANSWER = 16 << 20;
    private static final int LONGEST_REASON = 200;
    private static final Set<Integer> FOR_A_MOMENT = Set.of(408, 425, 429);

    private final MlflowSettings settings;

    MlflowClient(MlflowSettings settings) {
        this.settings = settings;
    }

    /** An answer that is no success. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;
        private final String code;
        private final Duration pause;

        Refused(int status, String code, String message, Duration pause) {
            super(message);
            this.status = status;
            this.code = code;
            this.pause = pause;
        }

        /** MLflow's own name of what is wrong, such as {@code RESOURCE_DOES_NOT_EXIST}; empty where it is none of MLflow's. */
        String code() {
            return code;
        }

        /** How long to wait before asking again; zero where the server named no time. */
        Duration pause() {
            return pause;
        }

        /** Whether who asks may not do so, which waiting does not mend. */
        boolean isForbidden() {
            return status == 401 || status == 403;
        }

        /** Whether the same request may do later. */
        boolean isForAMoment() {
            return status >= 500 || FOR_A_MOMENT.contains(status);
        }
    }

    /** The server, for a reader's eyes. */
    URI address() {
        return settings.address();
    }

    /** @param path below {@code /api/2.0/mlflow/}, with its query */
    Map<String, @Nullable Object> get(String path) throws IOException {
        return parsed(ask("GET", api(path), null, ""));
    }

    /** @param path below {@code /api/2.0/mlflow/} */
    Map<String, @Nullable Object> post(String path, Map<String, ?> body) throws IOException {
        return parsed(ask("POST", api(path), Json.compact(body).getBytes(StandardCharsets.UTF_8), "application/json"));
    }

    /** @param path of a file below the server's artifacts, slashes between its parts */
    void putArtifact(String path, byte[] bytes) throws IOException {
        ask("PUT", at("/api/2.0/mlflow-artifacts/artifacts/" + path), bytes, "application/octet-stream");
    }

    private URI api(String path) {
        return at("/api/2.0/mlflow/" + path);
    }

    private URI at(String path) {
        return URI.create(settings.address() + path);
    }

    private static Map<String, @Nullable Object> parsed(String text) throws IOException {
        try {
            return Json.parseObject(text, "the answer");
        } catch (Problem e) {
            throw new IOException("an answer that is no JSON: is this an MLflow server?", e);
        }
    }

    private String ask(String method, URI address, byte @Nullable [] body, String type) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) address.toURL()
                .openConnection(settings.proxies().select(address).get(0));
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        int patience = (int) Math.min(Integer.MAX_VALUE, settings.patience().toMillis());
        connection.setConnectTimeout(patience);
        connection.setReadTimeout(patience);
        connection.setRequestMethod(method);
        connection.setRequestProperty("User-Agent", "diffusion4j");
        MlflowSettings.Secret secret = settings.authorization();
        if (secret != null) {
            connection.setRequestProperty("Authorization", secret.value());
        }
        if (body != null) {
            connection.setRequestProperty("Content-Type", type);
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(body.length);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
        }
        int status = connection.getResponseCode();
        try (InputStream content = status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
            String text = content == null ? "" : text(content);
            if (status / 100 != 2) {
                throw refusal(status, text, connection.getHeaderField("Retry-After"));
            }
            return text;
        }
    }

    private static String text(InputStream content) throws IOException {
        byte[] bytes = content.readNBytes(LONGEST_ANSWER + 1);
        if (bytes.length > LONGEST_ANSWER) {
            throw new IOException("an answer of more than " + LONGEST_ANSWER + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** {@code {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "…"}}, where the server is MLflow's own. */
    private Refused refusal(int status, String text, @Nullable String retryAfter) {
        String code = "";
        String message = "";
        try {
            Map<String, @Nullable Object> problem = Json.parseObject(text, "the answer");
            code = problem.get("error_code") instanceof String name ? name : "";
            message = problem.get("message") instanceof String words ? ": " + shortened(words) : "";
        } catch (Problem e) {
            // a proxy's page
        }
        return new Refused(status, code, "it answered " + status + message, pause(retryAfter));
    }

    private String shortened(String words) {
        MlflowSettings.Secret secret = settings.authorization();
        String line = words.lines().findFirst().orElse("");
        if (secret != null) {
            line = line.replace(secret.value().replaceFirst("^\\w+ ", ""), "…");
        }
        // by way of the error that keeps terminal commands off the terminal
        String safe = String.valueOf(Problem.failure(line).getMessage());
        return safe.length() > LONGEST_REASON ? safe.substring(0, LONGEST_REASON) + "…" : safe;
    }

    private static Duration pause(@Nullable String retryAfter) {
        try {
            return Duration.ofSeconds(Math.max(0, Integer.parseInt(String.valueOf(retryAfter))));
        } catch (NumberFormatException e) {
            return Duration.ZERO; // none, or a date
        }
    }

    /** What went wrong, in a few words without a secret. */
    String reason(IOException problem) {
        if (problem instanceof SocketTimeoutException) {
            return "no answer within " + settings.patience().toSeconds() + " s";
        }
        return problem instanceof ConnectException || problem instanceof UnknownHostException
                ? "no connection"
                : String.valueOf(problem.getMessage());
    }
}
