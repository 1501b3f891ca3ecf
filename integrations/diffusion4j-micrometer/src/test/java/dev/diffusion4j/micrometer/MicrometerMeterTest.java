// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.QueueFullException;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.service.ServiceRequest;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MicrometerMeterTest {
    private static final Path MODEL = Path.of("../../core/src/test/resources/golden/tiny-pipeline");
    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.steps(3).count(2));

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** Holds the worker after its first step. */
    private final JobListener gate = new JobListener() {
        @Override
        public void onProgress(Job job, JobProgress progress) {
            begun.countDown();
            try {
                assertThat(open.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    };

    private double value(String name, String... tags) {
        return registry.get(name).tags(tags).meter().measure().iterator().next().getValue();
    }

    @Test
    void what_a_service_does_is_counted_on_the_registry() throws Exception {
        MicrometerMeter meter = new MicrometerMeter(registry, Tags.of("service", "mine"));
        ServiceConfig config = ServiceConfig.DEFAULT.with(c -> {
            c.queue = 1;
            c.meter = meter;
        });
        try (DiffusionService service = DiffusionService.open(Map.of("tiny", ServiceModel.at(MODEL)), config)) {
            meter.observe(service);
            Job first = service.submit(ServiceRequest.of(REQUEST), gate);
            begun.await();
            Job second = service.submit(REQUEST);
            assertThatExceptionOfType(QueueFullException.class).isThrownBy(() -> service.submit(REQUEST));
            assertThat(value("diffusion4j.jobs.active", "state", "waiting")).isEqualTo(1);
            assertThat(value("diffusion4j.jobs.active", "state", "running")).isEqualTo(1);
            second.cancel();
            open.countDown();
            first.await();
            assertThat(value("diffusion4j.jobs.active", "state", "running")).isZero();
            assertThat(value("diffusion4j.networks.memory"))
                    .isPositive()
                    .isEqualTo(value("diffusion4j.networks.loaded"))
                    .isEqualTo(service.networkBytes());
        }
        assertThat(value("diffusion4j.jobs.submitted")).isEqualTo(2);
        assertThat(value("diffusion4j.jobs.refused")).isEqualTo(1);
        assertThat(value("diffusion4j.jobs.ended", "state", "done")).isEqualTo(1);
        assertThat(value("diffusion4j.jobs.ended", "state", "cancelled")).isEqualTo(1);
        assertThat(registry.get("diffusion4j.jobs.run")
                        .tags("state", "done")
                        .timer()
                        .count())
                .isEqualTo(1);
        assertThat(registry.get("diffusion4j.jobs.run")
                        .tags("state", "cancelled")
                        .timer()
                        .count())
                .as("its turn never came")
                .isZero();
        assertThat(registry.get("diffusion4j.jobs.wait").timer().count()).isEqualTo(1);
        assertThat(registry.get("diffusion4j.steps").timer().count()).isEqualTo(3);
        assertThat(registry.get("diffusion4j.steps.pictures").summary().totalAmount())
                .isEqualTo(6);
        assertThat(registry.get("diffusion4j.networks.load").timer().count()).isEqualTo(1);
        assertThat(registry.getMeters()).extracting(Meter::getId).allSatisfy(id -> assertThat(id.getTag("service"))
                .isEqualTo("mine"));
    }
}
