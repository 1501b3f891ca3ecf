// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.tensor.NativeRuntime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A server in miniature: a service, opened once, draws for any number of callers on a few native threads. There is no launcher here that sets
 * the environment, so the library sets it by itself before the natives load; {@code -Ddiffusion4j.native=keep} refuses that.
 */
public final class EmbedInAnApplication implements AutoCloseable {
    private final DiffusionService service;

    /** Reads nothing of the weights yet; the first picture does. */
    public EmbedInAnApplication(Path model) {
        // Any first use of the library does this; called early, it happens at the start and can be looked at.
        NativeRuntime.Status status = NativeRuntime.configure();
        status.settings().forEach(line -> System.out.println("set: " + line));
        status.warnings().forEach(line -> System.out.println("not set, which costs speed: " + line));
        ServiceConfig limits = ServiceConfig.DEFAULT.with(c -> {
            c.queue = 16;
            c.timeout = Duration.ofMinutes(2);
        });
        service = DiffusionService.open(Map.of("model", ServiceModel.at(model)), limits);
    }

    /** One picture; whoever goes away closes the job. Its native memory is free when its result is there. */
    public Job draw(long seed) {
        return service.submit(GenerationRequest.of(r -> r.seed(seed).steps(10)));
    }

    /** Jobs that are there end first. */
    @Override
    public void close() {
        service.close();
    }

    /** {@code EmbedInAnApplication MODEL_FOLDER}. */
    public static void main(String[] args) {
        try (EmbedInAnApplication server = new EmbedInAnApplication(Path.of(args[0]))) {
            List<Job> jobs = new ArrayList<>();
            for (long seed = 0; seed < 6; seed++) {
                jobs.add(server.draw(seed));
            }
            for (Job job : jobs) {
                System.out.println(job.await().images().get(0).getWidth() + " pixels wide");
            }
        }
    }
}
