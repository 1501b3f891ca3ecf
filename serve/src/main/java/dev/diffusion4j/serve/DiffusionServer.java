// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Draws for whoever asks over HTTP: OpenAI's interface for pictures, that of A1111's webui, jobs, health and numbers, over one {@link DiffusionService}.
 *
 * <pre>{@code
 * try (DiffusionServer server = DiffusionServer.start(
 *         Map.of("cats", ServiceModel.at(Path.of("cats/model"))), ServiceConfig.DEFAULT, ServerConfig.DEFAULT)) {
 *     Thread.currentThread().join(); // http://127.0.0.1:7860/v1/images/generations
 * }
 * }</pre>
 *
 * <p>Everything is refused that the machine's owner did not allow: other hosts without a key, pages of other sites, requests above the
 * {@link Limits}; no request names a file or fetches an address. Prompts are not logged.
 */
public final class DiffusionServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiffusionServer.class);
    private static final int SPARE_THREADS = 64;
    private static final long IDLE = 60_000;
    private static final long LAST_ANSWERS = 5_000;

    private final DiffusionService service;
    private final ServiceConfig limits;
    private final Javalin http;
    private final Uploads uploads;
    private final AtomicBoolean stopping;

    private DiffusionServer(
            DiffusionService service, ServiceConfig limits, Javalin http, Uploads uploads, AtomicBoolean stopping) {
        this.service = service;
        this.limits = limits;
        this.http = http;
        this.uploads = uploads;
        this.stopping = stopping;
    }

    /**
     * Listens, once all models are found to be sound.
     *
     * @param models by the names that requests use, the usual one first
     * @param limits of the engine; its meter is the server's own
     * @throws Problem naming what is wrong with a model, or why it cannot listen
     */
    public static DiffusionServer start(Map<String, ServiceModel> models, ServiceConfig limits, ServerConfig config) {
        ModelNames names = new ModelNames(models.keySet(), config.aliases());
        Adapters adapters = new Adapters(config.loraDir());
        ServerMeter meter = new ServerMeter();
        Uploads uploads = new Uploads();
        try {
            DiffusionService service = DiffusionService.open(models, limits.with(c -> c.meter = meter.counter()));
            meter.watch(service);
            try {
                Faces faces = new Faces(service, config, names, adapters, uploads, meter, new AtomicBoolean());
                Javalin http = Javalin.create(javalin -> {
                    connect(javalin, limits);
                    guard(javalin, new Access(config), uploads, meter);
                    faces.add(javalin.routes);
                });
                listen(http, config);
                return new DiffusionServer(service, limits, http, uploads, faces.stopping());
            } catch (Throwable e) {
                service.close();
                throw e;
            }
        } catch (Throwable e) {
            uploads.close();
            throw e;
        }
    }

    private static void listen(Javalin http, ServerConfig config) {
        try {
            http.start(config.host(), config.port());
        } catch (JavalinBindException e) {
            throw Problem.failure(
                    "cannot listen on " + config.host() + ":" + config.port()
                            + ": another program has the port, or the address is not this machine's",
                    e);
        }
    }

    private static void connect(JavalinConfig config, ServiceConfig limits) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.jetty.threadPool =
                new QueuedThreadPool(SPARE_THREADS + 2 * (limits.workers() + limits.queue()), 4, (int) IDLE);
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setIdleTimeout(IDLE);
        });
        config.jetty.modifyServer(server -> server.setStopTimeout(LAST_ANSWERS));
    }

    private static void guard(JavalinConfig config, Access access, Uploads uploads, ServerMeter meter) {
        config.routes.before(access::check);
        config.routes.options("/*", ctx -> ctx.status(204));
        config.routes.exception(ClientGone.class, (gone, ctx) -> LOG.debug("a client has gone away"));
        config.routes.exception(HttpResponseException.class, (error, ctx) -> refuse(ctx, uploads.answer(error), meter));
        config.routes.exception(Exception.class, (error, ctx) -> refuse(ctx, uploads.answer(error), meter));
        config.requestLogger.http((ctx, millis) -> LOG.info(
                "{} {} {} in {} ms",
                ctx.method(),
                ctx.path().startsWith(ResultRoutes.PATH) ? ResultRoutes.PATH : ctx.path(),
                ctx.statusCode(),
                Math.round(millis)));
    }

    private static void refuse(Context ctx, ErrorAnswer answer, ServerMeter meter) {
        if (answer.status() == 429 || answer.status() == 503) {
            ctx.header("Retry-After", String.valueOf(meter.retrySeconds()));
        }
        Answers.json(ctx, answer.status(), Map.of("error", answer.toMap()));
    }

    /** The port that it listens on. */
    public int port() {
        return http.port();
    }

    /** The engine behind it. */
    public DiffusionService service() {
        return service;
    }

    /** {@link #stop(Duration)} with the time that {@link ServiceConfig#closing()} gives. */
    @Override
    public void close() {
        stop(limits.closing());
    }

    /**
     * Refuses new work, lets that which is there end, cancels what is left when the time is over, sends the last answers and returns. Stopping twice
     * is fine.
     */
    public void stop(Duration most) {
        stopping.set(true);
        service.close(most);
        http.stop();
        uploads.close();
    }
}
