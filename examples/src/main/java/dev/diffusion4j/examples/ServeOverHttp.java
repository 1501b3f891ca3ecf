// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.QueueFullException;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Pictures from the JDK's own HTTP server: {@code GET /picture?a+red+cat} answers a PNG. Any number of callers wait, one picture is drawn at a time, and what
 * is too much is refused. For the clients of other servers there is {@code diffuse serve}.
 */
public final class ServeOverHttp implements AutoCloseable {
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final DiffusionService service;
    private final HttpServer server;

    /** @param port 0 for any that is free */
    public ServeOverHttp(Path model, int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        service = DiffusionService.open(Map.of("model", ServiceModel.at(model)), ServiceConfig.DEFAULT.with(c -> {
            c.queue = 8;
            c.timeout = Duration.ofMinutes(2);
        }));
        server.createContext("/picture", this::draw);
        server.setExecutor(callers);
        server.start();
    }

    private void draw(HttpExchange call) throws IOException {
        String prompt = String.valueOf(call.getRequestURI().getQuery()).replace('+', ' ');
        try (call) {
            try (Job job =
                    service.submit(GenerationRequest.of(r -> r.prompt(prompt).steps(20)))) {
                answer(call, 200, "image/png", job.await().pictures().get(0).png());
            } catch (QueueFullException e) {
                answer(call, 429, e);
            } catch (Problem | IllegalArgumentException e) {
                answer(call, 422, e);
            } catch (CancellationException e) {
                answer(call, 503, e);
            }
        }
    }

    private static void answer(HttpExchange call, int status, RuntimeException why) throws IOException {
        String text = String.valueOf(why.getMessage());
        answer(call, status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange call, int status, String type, byte[] body) throws IOException {
        call.getResponseHeaders().set("Content-Type", type);
        call.sendResponseHeaders(status, body.length);
        call.getResponseBody().write(body);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    /** Refuses new calls, lets those that are there end, and frees all memory. */
    @Override
    public void close() {
        service.close();
        server.stop(1);
        callers.shutdown();
    }

    /** {@code ServeOverHttp MODEL_FOLDER}; Ctrl-C ends it. */
    public static void main(String[] args) throws IOException {
        ServeOverHttp pictures = new ServeOverHttp(Path.of(args[0]), 8080);
        Runtime.getRuntime().addShutdownHook(new Thread(pictures::close));
        System.out.println("http://localhost:8080/picture?a+red+cat");
    }
}
