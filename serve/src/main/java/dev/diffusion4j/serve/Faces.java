// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.DiffusionService;
import io.javalin.config.RoutesConfig;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * All that a server can be asked for, over one engine.
 *
 * @param service waits until it is there; nobody asks before, but an extension
 * @param extension of another module
 * @param ready whether new work is taken
 * @param events threads that send events
 */
record Faces(
        Supplier<DiffusionService> service,
        ServerConfig config,
        ServerExtension extension,
        ModelNames names,
        Adapters adapters,
        Uploads uploads,
        ServerMeter meter,
        AtomicBoolean ready,
        ScheduledExecutorService events) {

    void add(RoutesConfig routes) {
        Limits limits = config.limits();
        ResultRoutes results =
                new ResultRoutes(new Results(config.keeping(), limits.kept(), System::nanoTime), config.publicUrl());
        results.add(routes);
        new MonitorRoutes(meter, ready).add(routes);
        new ImageRoutes(service, new ImageFields(names, adapters, limits), results, uploads).add(routes);
        JobBoard board = new JobBoard(config.keeping(), limits.kept(), extension);
        JobFields fields = new JobFields(
                names,
                adapters,
                limits,
                extension,
                () -> Optional.ofNullable(service.get().config().timeout()));
        new JobRoutes(service, fields, board, uploads, events).add(routes);
        WebuiJobs jobs = new WebuiJobs();
        new WebuiRoutes(service, new WebuiFields(names, adapters, limits), jobs, uploads).add(routes);
        new WebuiLists(names, adapters, jobs).add(routes);
        if (extension != ServerExtension.NONE) {
            extension.add(routes, service.get());
        }
    }
}
