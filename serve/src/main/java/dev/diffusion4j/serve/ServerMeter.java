// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.micrometer.MicrometerMeter;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceMeter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.TimeUnit;

/** What the service does, in numbers for Prometheus: those of {@link MicrometerMeter}. */
final class ServerMeter {
    /** Seconds of a job, before any is done. */
    private static final long FIRST_GUESS = 5;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MicrometerMeter meter = new MicrometerMeter(registry);

    /** Counts what a service does. */
    ServiceMeter counter() {
        return meter;
    }

    /** Looks at a service whenever it is asked for numbers. */
    void watch(DiffusionService service) {
        meter.observe(service);
    }

    /** All numbers as Prometheus reads them. */
    String text() {
        return registry.scrape();
    }

    /** When to try again, where the queue is full: about the time that a job takes. */
    long retrySeconds() {
        Timer done = registry.get("diffusion4j.jobs.run").tag("state", "done").timer();
        return done.count() == 0 ? FIRST_GUESS : Math.max(1, Math.round(done.mean(TimeUnit.SECONDS)));
    }
}
