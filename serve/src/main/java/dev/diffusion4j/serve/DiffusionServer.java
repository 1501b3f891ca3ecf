// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.util.JavalinBindException;
import io.javalin.util.JavalinException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.ServerConnector;
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
    /** How long a connection on which nothing is asked may keep a server that stops. */
    private static final long SILENT = 50;
    /** Connections that wait to be let in. */
    private static final int ARRIVING = 512;

    private static final int EVENT_THREADS = 2;

    private final DiffusionService service;
    private final ServiceConfig limits;
    private final Javalin http;
    private final Door door;
    private final Faces faces;

    private DiffusionServer(DiffusionService service, ServiceConfig limits, Javalin http, Door door, Faces faces) {
        this.service = service;
        this.limits = limits;
        this.http = http;
        this.door = door;
        this.faces = faces;
    }

    /**
     * Listens, and returns once all models are found to be sound; until then everybody is asked to come again (503).
     *
     * @param models by the names that requests use, the usual one first
     * @param limits of the engine and the server; its meter is the server's own
     * @throws Problem naming what is wrong with a model, or why it cannot listen
     */
    public static DiffusionServer start(Map<String, ServiceModel> models, ServiceConfig limits, ServerConfig config) {
        Check.that(!models.isEmpty(), "a server must have a model");
        return start(models, limits, config, ServerExtension.NONE);
    }

    /**
     * {@link #start(Map, ServiceConfig, ServerConfig)} with what another module adds; there may be no models at first, since
     * {@link DiffusionService#add} brings more.
     */
    public static DiffusionServer start(
            Map<String, ServiceModel> models, ServiceConfig limits, ServerConfig config, ServerExtension extension) {
        ModelNames.check(models.keySet(), config.aliases());
        Adapters adapters = new Adapters(config.loraDir(), extension);
        ServerMeter meter = new ServerMeter();
        ServerConfig own = config.with(c -> c.limits = config.limits().within(limits.memory()));
        ServiceConfig engine = limits.with(c -> {
            c.meter = meter.counter();
            c.memory = limits.memory() > 0 ? limits.memory() - own.limits().memory() : 0;
        });
        Opening opening = new Opening(models, engine);
        Uploads uploads = new Uploads();
        ScheduledExecutorService events = events();
        try {
            ModelNames names = new ModelNames(() -> opening.get().models(), config.aliases());
            return open(
                    engine,
                    opening,
                    new Faces(opening, own, extension, names, adapters, uploads, meter, new AtomicBoolean(), events));
        } catch (Throwable e) {
            events.shutdownNow();
            opening.close();
            uploads.close();
            throw e;
        }
    }

    private static DiffusionServer open(ServiceConfig engine, Opening opening, Faces faces) {
        ServerConfig config = faces.config();
        Door door = new Door(
                new Access(config, faces.extension()), faces.extension().headers(), config.limits(), faces.meter());
        Javalin http = Javalin.create(javalin -> {
            connect(javalin, engine, config, door);
            guard(javalin, faces.uploads(), faces.meter());
            faces.add(javalin.routes);
        });
        listen(http, config);
        try {
            DiffusionService service = opening.await();
            faces.meter().watch(service);
            door.open();
            faces.ready().set(true);
            return new DiffusionServer(service, engine, http, door, faces);
        } catch (Throwable e) {
            http.stop();
            throw e;
        }
    }

    /** Threads that send events, for which nobody waits. */
    private static ScheduledExecutorService events() {
        ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(EVENT_THREADS, body -> {
            Thread thread = new Thread(body, "diffusion4j-events");
            thread.setDaemon(true);
            return thread;
        });
        threads.setRemoveOnCancelPolicy(true);
        return threads;
    }

    private static void listen(Javalin http, ServerConfig config) {
        try {
            http.start();
        } catch (JavalinBindException e) {
            throw Problem.failure(
                    "cannot listen on " + config.host() + ":" + config.port()
                            + ": another program has the port, or the address is not this machine's",
                    e);
        }
    }

    private static void connect(JavalinConfig config, ServiceConfig engine, ServerConfig own, Door door) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.jetty.threadPool =
                new QueuedThreadPool(SPARE_THREADS + 2 * (engine.workers() + engine.queue()), 4, (int) IDLE);
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setIdleTimeout(IDLE);
        });
        config.jetty.addConnector((server, http) -> {
            ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
            connector.setHost(own.host());
            connector.setPort(own.port());
            connector.setAcceptQueueSize(ARRIVING);
            return connector;
        });
        config.jetty.modifyServer(server -> {
            server.setStopTimeout(LAST_ANSWERS);
            server.setHandler(door);
            server.addBean(new ConnectionRoom(own.limits().connections(), server));
        });
    }

    private static void guard(JavalinConfig config, Uploads uploads, ServerMeter meter) {
        config.routes.options("/*", ctx -> ctx.status(204));
        config.routes.exception(ClientGone.class, (gone, ctx) -> LOG.debug("a client has gone away"));
        config.routes.exception(HttpResponseException.class, (error, ctx) -> refuse(ctx, uploads.answer(error), meter));
        config.routes.exception(Exception.class, (error, ctx) -> refuse(ctx, uploads.answer(error), meter));
    }

    private static void refuse(Context ctx, ErrorAnswer answer, ServerMeter meter) {
        if (answer.isForLater()) {
            ctx.header("Retry-After", String.valueOf(meter.retrySeconds()));
        }
        if (answer.isFinal()) {
            ctx.header("x-should-retry", "false");
        }
        Answers.json(ctx, answer.status(), Map.of("error", answer.toMap()));
    }

    /** The port that it listens on. */
    public int port() {
        return http.port();
    }

    /** Bytes of bodies that came in, and of answers that are not read yet. */
    long bytesOnTheWay() {
        return door.bytes();
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
        faces.ready().set(false);
        service.close(most);
        if (door.awaitEmpty(LAST_ANSWERS)) {
            leaveSilent(http);
        }
        stop(http);
        faces.events().shutdownNow();
        faces.uploads().close();
    }

    /** Once everybody has an answer, those that only keep their connection are not waited for. */
    private static void leaveSilent(Javalin http) {
        for (Connector connector : http.jettyServer().server().getConnectors()) {
            if (connector instanceof AbstractConnector own) {
                own.setShutdownIdleTimeout(SILENT);
            }
        }
    }

    private static void stop(Javalin http) {
        try {
            http.stop();
        } catch (JavalinException e) {
            LOG.debug("answers that have no end were cut off", e); // a page that listens to events, for example
        }
    }
}
