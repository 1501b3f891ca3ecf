// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** One service for the application, opened with {@code pictures.model} when it is first asked for. */
@ApplicationScoped
public class Diffusion {
    /** {@link Singleton}, since the service is final, so that no proxy can stand in for it. */
    @Produces
    @Singleton
    public DiffusionService service(@ConfigProperty(name = "pictures.model") String model) {
        return DiffusionService.open(Map.of("model", ServiceModel.at(Path.of(model))), ServiceConfig.DEFAULT.with(c -> {
            c.queue = 8;
            c.timeout = Duration.ofMinutes(2);
        }));
    }

    /** With the application. */
    public void close(@Disposes DiffusionService service) {
        service.close();
    }
}
