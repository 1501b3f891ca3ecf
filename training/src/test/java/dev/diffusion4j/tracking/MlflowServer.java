// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * As much of MLflow's REST API as the tracker asks for, on the loopback, with MLflow's limits; oracle/check_mlflow.py asks the real
 * one.
 */
public final class MlflowServer implements AutoCloseable {
    private final HttpServer server;
    private final Map<String, String> experiments = new LinkedHashMap<>();
    private final Map<String, Run> runs = new LinkedHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile String lost = "?";
    private volatile Trouble trouble = (exchange, path) -> false;

    /** What goes wrong with a request. */
    @FunctionalInterface
    public interface Trouble {
        /** Whether it answered. */
        boolean answer(HttpExchange exchange, String path) throws IOException;
    }

    /** What it received of a run. */
    public static final class Run {
        public final String experiment;
        public String status = "RUNNING";
        public boolean isDeleted;
        public final Map<String, String> tags = new TreeMap<>();
        public final Map<String, String> parameters = new TreeMap<>();
        /** Of each key all values in the order of their coming: {@code step=value}. */
        public final Map<String, List<String>> history = new TreeMap<>();

        public final Map<String, byte[]> files = new TreeMap<>();
        final List<Integer> batches = new ArrayList<>();

        Run(String experiment) {
            this.experiment = experiment;
        }
    }

    /** @param port 0 for any */
    public MlflowServer(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                String path = exchange.getRequestURI().getPath();
                requests.add(path + " " + exchange.getRequestHeaders().getFirst("Authorization"));
                if (!trouble.answer(exchange, path)) {
                    answer(exchange, path);
                }
            } catch (RuntimeException e) {
                e.printStackTrace();
                throw e;
            }
        });
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "mlflow-server");
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    public String address() {
        return "http://127.0.0.1:" + port();
    }

    public void trouble(Trouble value) {
        trouble = value;
    }

    /** The next request whose path ends so is done, but its answer gets lost. */
    public void loseAnswer(String pathEnd) {
        lost = pathEnd;
    }

    /** {@code PATH AUTHORIZATION} of all that was asked. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    public synchronized List<Run> runs() {
        return List.copyOf(runs.values());
    }

    public synchronized Map<String, String> experiments() {
        return Map.copyOf(experiments);
    }

    private synchronized void answer(HttpExchange exchange, String path) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String files = "/api/2.0/mlflow-artifacts/artifacts/";
        if (path.startsWith(files)) {
            String[] parts = path.substring(files.length()).split("/", 4); // EXPERIMENT/RUN/artifacts/PATH
            Objects.requireNonNull(runs.get(parts[1])).files.put(parts[3], body);
            json(exchange, 200, Map.of());
            return;
        }
        Map<String, Object> request =
                body.length == 0 ? Map.of() : Json.parseObject(new String(body, StandardCharsets.UTF_8), "the request");
        String query = String.valueOf(exchange.getRequestURI().getQuery()).replaceFirst("^[^=]*=", "");
        switch (path.replaceFirst("^/api/2.0/mlflow/", "")) {
            case "experiments/get-by-name" -> experiment(exchange, query);
            case "experiments/create" -> {
                String id = String.valueOf(experiments.size() + 1);
                experiments.put(String.valueOf(request.get("name")), id);
                json(exchange, 200, Map.of("experiment_id", id));
            }
            case "runs/create" -> {
                String id = "run" + runs.size();
                Run run = new Run(String.valueOf(request.get("experiment_id")));
                pairs(request.get("tags"), run.tags);
                run.tags.put("mlflow.runName", String.valueOf(request.get("run_name")));
                runs.put(id, run);
                json(exchange, 200, Map.of("run", described(id)));
            }
            case "runs/search" -> {
                String key = String.valueOf(request.get("filter")).replaceFirst(".*'(.*)'", "$1");
                List<Object> found = new ArrayList<>();
                for (Map.Entry<String, Run> entry : runs.entrySet()) {
                    if (entry.getValue().tags.containsValue(key)) {
                        found.add(described(entry.getKey()));
                    }
                }
                json(exchange, 200, Map.of("runs", found));
            }
            case "runs/get" -> {
                if (runs.containsKey(query)) {
                    json(exchange, 200, Map.of("run", described(query)));
                } else {
                    error(exchange, 404, "RESOURCE_DOES_NOT_EXIST", "Run '" + query + "' not found");
                }
            }
            case "runs/update" -> {
                run(request).status = String.valueOf(request.get("status"));
                json(exchange, 200, Map.of());
            }
            case "runs/log-batch" -> logBatch(exchange, request);
            default -> error(exchange, 404, "ENDPOINT_NOT_FOUND", "no " + path);
        }
    }

    private Run run(Map<String, Object> request) {
        return Objects.requireNonNull(runs.get(String.valueOf(request.get("run_id"))));
    }

    private void experiment(HttpExchange exchange, String name) throws IOException {
        if (experiments.containsKey(name)) {
            json(exchange, 200, Map.of("experiment", Map.of("experiment_id", experiments.get(name), "name", name)));
        } else {
            error(exchange, 404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment with name '" + name + "'");
        }
    }

    private Map<String, Object> described(String id) {
        Run run = Objects.requireNonNull(runs.get(id));
        List<Object> last = new ArrayList<>();
        run.history.forEach((key, values) -> {
            String step = values.get(values.size() - 1).replaceFirst("=.*", "");
            last.add(Map.of(
                    "key", key, "value", 0.5, "timestamp", 1L, "step", step)); // a text, as some versions have it
        });
        Map<String, Object> info = new HashMap<>();
        info.put("run_id", id);
        info.put("lifecycle_stage", run.isDeleted ? "deleted" : "active");
        info.put("artifact_uri", "mlflow-artifacts:/" + run.experiment + "/" + id + "/artifacts");
        return Map.of("info", info, "data", Map.of("metrics", last));
    }

    private void logBatch(HttpExchange exchange, Map<String, Object> request) throws IOException {
        Run run = run(request);
        List<?> metrics = request.get("metrics") instanceof List<?> list ? list : List.of();
        List<?> parameters = request.get("params") instanceof List<?> list ? list : List.of();
        if (metrics.size() > 1000 || parameters.size() > 100) {
            error(exchange, 400, "INVALID_PARAMETER_VALUE", "too many");
            return;
        }
        run.batches.add(metrics.size());
        pairs(parameters, run.parameters);
        for (Object metric : metrics) {
            Map<String, Object> one = Json.object(metric);
            run.history
                    .computeIfAbsent(String.valueOf(one.get("key")), key -> new ArrayList<>())
                    .add(one.get("step") + "=" + one.get("value"));
        }
        json(exchange, 200, Map.of());
    }

    private static void pairs(Object list, Map<String, String> into) {
        for (Object pair : (List<?>) list) {
            Map<String, Object> one = Json.object(pair);
            into.put(String.valueOf(one.get("key")), String.valueOf(one.get("value")));
        }
    }

    static void error(HttpExchange exchange, int status, String code, String message) throws IOException {
        send(exchange, status, Map.of("error_code", code, "message", message));
    }

    private void json(HttpExchange exchange, int status, Object value) throws IOException {
        if (exchange.getRequestURI().getPath().endsWith(lost)) {
            lost = "?";
            return;
        }
        send(exchange, status, value);
    }

    private static void send(HttpExchange exchange, int status, Object value) throws IOException {
        byte[] bytes = Json.compact(value).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
