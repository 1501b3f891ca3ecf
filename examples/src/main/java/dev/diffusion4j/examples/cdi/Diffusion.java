// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.event.Startup;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** One service for the application: it draws with {@code pictures.model}, and {@code pictures.queue} jobs may wait. */
@ApplicationScoped
public class Diffusion {
    /** {@link Singleton}, since the service is final, so that no proxy can stand in for it. */
    @Produces
    @Singleton
    public DiffusionService service(
            @ConfigProperty(name = "pictures.model") String model,
            @ConfigProperty(name = "pictures.queue", defaultValue = "8") int queue) {
        return DiffusionService.open(Map.of("model", ServiceModel.at(Path.of(model))), ServiceConfig.DEFAULT.with(c -> {
            c.queue = queue;
            c.timeout = Duration.ofMinutes(2);
        }));
    }

    /** As the application starts, so that a wrong property ends it. */
    public void open(@Observes Startup start, DiffusionService service) {}

    /** With the application. */
    public void close(@Disposes DiffusionService service) {
        service.close();
    }
}
