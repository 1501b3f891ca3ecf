// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Check;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a {@link DiffusionService}.
 *
 * @param workers jobs that are drawn at the same time, each on a native thread that stays
 * @param threads over how many threads an operation of a worker is spread; 0 for an equal share of what LibTorch takes by itself
 * @param queue jobs that wait beside those at work; one more is refused
 * @param batch pictures of jobs that share a batch at most, where their requests allow it
 * @param shares whether all requests allow it, also those that do not say so
 * @param memory bytes that the process may take: requests that cannot fit are refused, jobs begin when they fit beside those at work, and networks that
 *     were not used longest go where others need the room; 0 for all that the machine has
 * @param timeout of jobs that say none, from their submission; {@code null} for no deadline
 * @param closing how long {@link DiffusionService#close()} lets jobs end before it cancels them
 * @param meter counts what the service does
 */
public record ServiceConfig(
        int workers,
        int threads,
        int queue,
        int batch,
        boolean shares,
        long memory,
        @Nullable Duration timeout,
        Duration closing,
        ServiceMeter meter) {
    private static final Duration LONGEST = Duration.ofDays(36_500);

    /** One job at a time with all the threads that LibTorch takes, 16 waiting. */
    public static final ServiceConfig DEFAULT =
            new ServiceConfig(1, 0, 16, 8, false, 0, null, Duration.ofSeconds(30), ServiceMeter.NONE);

    public ServiceConfig {
        Check.positive(workers, "{workers}");
        Check.notNegative(threads, "{threads}");
        Check.notNegative(queue, "{queue}");
        Check.positive(batch, "{batch}");
        Check.that(memory >= 0, "{memory} must be >= 0, but was " + memory);
        checkTimeout(timeout);
        Check.that(!closing.isNegative(), "{closing} must not be negative, but was " + closing);
    }

    static void checkTimeout(@Nullable Duration timeout) {
        Check.that(
                timeout == null
                        || !timeout.isNegative()
                                && !timeout.isZero()
                                && bounded(timeout).equals(timeout),
                "{timeout} must be longer than nothing and at most " + LONGEST.toDays() + " days, but was " + timeout);
    }

    /** No longer than clocks can count. */
    static Duration bounded(Duration time) {
        return time.compareTo(LONGEST) > 0 ? LONGEST : time;
    }

    /** {@code ServiceConfig.DEFAULT.with(c -> c.queue = 4)}: the result is checked anew. */
    public ServiceConfig with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.done();
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public int workers;
        public int threads;
        public int queue;
        public int batch;
        public boolean shares;
        public long memory;
        public @Nullable Duration timeout;
        public Duration closing;
        public ServiceMeter meter;

        private Draft(ServiceConfig from) {
            workers = from.workers;
            threads = from.threads;
            queue = from.queue;
            batch = from.batch;
            shares = from.shares;
            memory = from.memory;
            timeout = from.timeout;
            closing = from.closing;
            meter = from.meter;
        }

        private ServiceConfig done() {
            return new ServiceConfig(workers, threads, queue, batch, shares, memory, timeout, closing, meter);
        }
    }
}
