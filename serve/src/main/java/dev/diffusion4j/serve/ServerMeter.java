// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobState;
import dev.diffusion4j.service.ServiceMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** What the service does, in numbers for Prometheus. */
final class ServerMeter implements ServiceMeter {
    private static final double MEMORY = 0.8;
    private static final double FIRST_GUESS = 5;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Counter submitted = counter("diffusion4j.jobs.submitted", "Jobs that were taken");
    private final Counter refused =
            counter("diffusion4j.jobs.refused", "Jobs that were refused because the queue was full");
    private final Counter steps = counter("diffusion4j.steps", "Denoising steps");
    private final Counter pictureSteps =
            counter("diffusion4j.picture.steps", "Denoising steps, counted for each picture");
    private final Timer waited = timer("diffusion4j.jobs.waited", "How long jobs waited for their turn");
    private final Timer step = timer("diffusion4j.step", "How long a step took");
    private final Timer loading = timer("diffusion4j.networks.loading", "How long reading a network took");
    private final Counter loaded = counter("diffusion4j.networks.loaded.bytes", "Bytes of networks that were read");
    private final Counter dropped =
            counter("diffusion4j.networks.dropped.bytes", "Bytes of networks that were dropped for others");
    private final Map<JobState, Timer> ended = new EnumMap<>(JobState.class);
    private volatile double usualSeconds = FIRST_GUESS;

    ServerMeter() {
        for (JobState state : JobState.values()) {
            if (state.isOver()) {
                ended.put(
                        state,
                        Timer.builder("diffusion4j.jobs.ran")
                                .description("How long jobs were at work")
                                .tag("state", state.name().toLowerCase(Locale.ROOT))
                                .register(registry));
            }
        }
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name).description(description).register(registry);
    }

    /** Looks at a service whenever it is asked for numbers. */
    void watch(DiffusionService service) {
        gauge("diffusion4j.jobs.unfinished", "Jobs that wait or are at work", service, of -> of.jobs()
                .size());
        gauge("diffusion4j.jobs.running", "Jobs at work", service, of -> of.jobs().stream()
                .map(Job::state)
                .filter(state -> state == JobState.RUNNING)
                .count());
        gauge("diffusion4j.networks.bytes", "Bytes of networks in memory", service, DiffusionService::networkBytes);
    }

    private void gauge(
            String name,
            String description,
            DiffusionService of,
            java.util.function.ToDoubleFunction<DiffusionService> value) {
        Gauge.builder(name, of, value).description(description).register(registry);
    }

    /** For an application's own numbers beside these. */
    MeterRegistry registry() {
        return registry;
    }

    /** All numbers as Prometheus reads them. */
    String text() {
        return registry.scrape();
    }

    /** When to try again, where the queue is full: about the time that a job takes. */
    long retrySeconds() {
        return Math.max(1, Math.round(usualSeconds));
    }

    @Override
    public void onSubmit() {
        submitted.increment();
    }

    @Override
    public void onRefuse() {
        refused.increment();
    }

    @Override
    public void onStart(Duration time) {
        waited.record(time);
    }

    @Override
    public void onStep(int pictures, Duration took) {
        steps.increment();
        pictureSteps.increment(pictures);
        step.record(took);
    }

    @Override
    public void onEnd(JobState state, Duration ran) {
        java.util.Objects.requireNonNull(ended.get(state)).record(ran);
        if (state == JobState.DONE) {
            usualSeconds = MEMORY * usualSeconds + (1 - MEMORY) * ran.toMillis() / 1000.0;
        }
    }

    @Override
    public void onLoad(long bytes, Duration took) {
        loaded.increment(bytes);
        loading.record(took);
    }

    @Override
    public void onDrop(long bytes) {
        dropped.increment(bytes);
    }
}
