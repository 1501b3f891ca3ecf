// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai.autoconfigure;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobState;
import java.util.List;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Whether a service takes requests; a full queue is no illness. */
final class DiffusionHealthIndicator implements HealthIndicator {
    private final DiffusionService service;

    DiffusionHealthIndicator(DiffusionService service) {
        this.service = service;
    }

    @Override
    public Health health() {
        List<Job> jobs = service.jobs();
        return (service.isOpen() ? Health.up() : Health.outOfService())
                .withDetail("models", service.models())
                .withDetail("running", count(jobs, JobState.RUNNING))
                .withDetail("waiting", count(jobs, JobState.WAITING))
                .withDetail("queue", service.config().queue())
                .withDetail("networkBytes", service.networkBytes())
                .build();
    }

    private static long count(List<Job> jobs, JobState state) {
        return jobs.stream().filter(job -> job.state() == state).count();
    }
}
