// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.micrometer;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.JobState;
import dev.diffusion4j.service.ServiceMeter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Counts what a service does on a registry. Thread-safe.
 *
 * <pre>{@code
 * MicrometerMeter meter = new MicrometerMeter(registry);
 * DiffusionService service = DiffusionService.open(models, ServiceConfig.DEFAULT.with(c -> c.meter = meter));
 * meter.observe(service);
 * }</pre>
 *
 * <ul>
 *   <li>{@code diffusion4j.jobs.submitted}, {@code .refused}, and {@code .ended} by {@code state}: how many
 *   <li>{@code diffusion4j.jobs.wait}, and {@code .run} by {@code state}: how long until their turn, and from then on
 *   <li>{@code diffusion4j.steps}, {@code diffusion4j.steps.pictures}: how long a step takes, and for how many pictures it is
 *   <li>{@code diffusion4j.networks.load}, {@code .loaded}, {@code .dropped}: how long networks are read, and how many bytes come and go
 *   <li>of a service that is {@link #observe observed}: {@code diffusion4j.jobs.active} by {@code state}, {@code diffusion4j.networks.memory}
 * </ul>
 */
public final class MicrometerMeter implements ServiceMeter {
    private static final String STATE = "state";
    private static final String BYTES = "bytes";

    private final MeterRegistry registry;
    private final Tags tags;
    private final Counter submitted;
    private final Counter refused;
    private final Timer waiting;
    private final Map<JobState, Counter> ended = new EnumMap<>(JobState.class);
    private final Map<JobState, Timer> run = new EnumMap<>(JobState.class);
    private final Timer steps;
    private final DistributionSummary pictures;
    private final Timer load;
    private final Counter loaded;
    private final Counter dropped;

    /** Without tags of the application's. */
    public MicrometerMeter(MeterRegistry registry) {
        this(registry, Tags.empty());
    }

    /** @param tags of every meter, to tell one service from another */
    public MicrometerMeter(MeterRegistry registry, Tags tags) {
        this.registry = registry;
        this.tags = tags;
        submitted = counter("diffusion4j.jobs.submitted", "Jobs that were handed in", tags);
        refused = counter("diffusion4j.jobs.refused", "Jobs that were refused because as many waited as may", tags);
        waiting = timer("diffusion4j.jobs.wait", "From a job's submission to its turn", tags);
        Arrays.stream(JobState.values()).filter(JobState::isOver).forEach(state -> {
            Tags own = of(state);
            ended.put(state, counter("diffusion4j.jobs.ended", "Jobs that are over", own));
            run.put(state, timer("diffusion4j.jobs.run", "From a job's turn to its end", own));
        });
        steps = timer("diffusion4j.steps", "Of one step for all pictures of a batch", tags);
        pictures = DistributionSummary.builder("diffusion4j.steps.pictures")
                .description("Pictures that a step is for")
                .tags(tags)
                .register(registry);
        load = timer("diffusion4j.networks.load", "Of reading a network", tags);
        loaded = bytes("diffusion4j.networks.loaded", "Weights of networks that were read");
        dropped = bytes("diffusion4j.networks.dropped", "Weights of networks that made room for others");
    }

    private Tags of(JobState state) {
        return tags.and(STATE, state.name().toLowerCase(Locale.ROOT));
    }

    private Counter counter(String name, String description, Tags own) {
        return Counter.builder(name).description(description).tags(own).register(registry);
    }

    private Counter bytes(String name, String description) {
        return Counter.builder(name)
                .description(description)
                .baseUnit(BYTES)
                .tags(tags)
                .register(registry);
    }

    private Timer timer(String name, String description, Tags own) {
        return Timer.builder(name).description(description).tags(own).register(registry);
    }

    /** Shows how many of its jobs wait and are at work, and what its networks take, for as long as it is in use; it is not kept alive by this. */
    public void observe(DiffusionService service) {
        for (JobState state : JobState.values()) {
            if (!state.isOver()) {
                Gauge.builder("diffusion4j.jobs.active", service, of -> count(of, state))
                        .description("Jobs that are not over")
                        .tags(of(state))
                        .register(registry);
            }
        }
        Gauge.builder("diffusion4j.networks.memory", service, DiffusionService::networkBytes)
                .description("Weights of networks that are in memory")
                .baseUnit(BYTES)
                .tags(tags)
                .register(registry);
    }

    private static double count(DiffusionService service, JobState state) {
        return service.jobs().stream().filter(job -> job.state() == state).count();
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
    public void onStart(Duration waited) {
        waiting.record(waited);
    }

    @Override
    public void onStep(int count, Duration took) {
        steps.record(took);
        pictures.record(count);
    }

    @Override
    public void onEnd(JobState state, Duration ran) {
        Objects.requireNonNull(ended.get(state)).increment();
        if (!ran.isZero()) {
            Objects.requireNonNull(run.get(state)).record(ran);
        }
    }

    @Override
    public void onLoad(long bytes, Duration took) {
        load.record(took);
        loaded.increment(bytes);
    }

    @Override
    public void onDrop(long bytes) {
        dropped.increment(bytes);
    }
}
