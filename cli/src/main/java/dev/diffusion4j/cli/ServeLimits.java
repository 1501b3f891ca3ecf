// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.serve.Limits;
import dev.diffusion4j.service.ServiceConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a server takes of the machine, and what one request may ask for. */
final class ServeLimits {
    @Option(
            names = "--queue",
            paramLabel = "N",
            description =
                    "Requests that wait beside the one at work; one more is refused with 429. Default: ${DEFAULT-VALUE}.")
    int queue = ServiceConfig.DEFAULT.queue();

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Pictures of requests that wait at the same time and differ in prompt, seed and scale only, drawn together: quicker where many "
                            + "wait. They are those drawn alone to rounding, and to the last bit with 1. Default: ${DEFAULT-VALUE}.")
    int batch = 1;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.class,
            description =
                    "What the process may take, 6GB for example: more is refused, and networks that were not used longest make room. Default: all that the machine has.")
    @Nullable
    Long memory;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that draw. Default: as many as suit the processor.")
    int threads = ServiceConfig.DEFAULT.threads();

    @Option(
            names = "--timeout",
            paramLabel = "S",
            converter = FiniteNumber.class,
            description = "Seconds after which a request is given up, waiting included. Default: none.")
    @Nullable
    Double timeout;

    @Option(names = "--max-pixels", paramLabel = "N", description = "Of a picture. Default: ${DEFAULT-VALUE}.")
    long pixels = Limits.DEFAULT.pixels();

    @Option(names = "--max-steps", paramLabel = "N", description = "Of a request. Default: ${DEFAULT-VALUE}.")
    int steps = Limits.DEFAULT.steps();

    @Option(names = "--max-count", paramLabel = "N", description = "Pictures of a request. Default: ${DEFAULT-VALUE}.")
    int count = Limits.DEFAULT.count();

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            description =
                    "That one caller may have at work: of the same key, or address where there are no keys; one more is refused with 429. Default: ${DEFAULT-VALUE}.")
    int requests = Limits.DEFAULT.requests();

    ServiceConfig service() {
        Double seconds = timeout;
        return ServiceConfig.DEFAULT.with(c -> {
            c.queue = queue;
            c.threads = threads;
            c.batch = batch;
            c.shares = batch > 1;
            c.memory = memory == null ? c.memory : memory;
            c.timeout = seconds == null ? null : Duration.ofMillis(Math.round(seconds * 1000));
        });
    }

    Limits ofRequests() {
        return Limits.DEFAULT.with(c -> {
            c.pixels = pixels;
            c.steps = steps;
            c.count = count;
            c.requests = requests;
        });
    }
}
