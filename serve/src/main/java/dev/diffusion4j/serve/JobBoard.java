// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The jobs that callers come back for: while they are not over, and for a while after; the oldest go where there are too many. Thread-safe. */
final class JobBoard {
    private static final int MOST_JOBS = 1000;
    private static final int SECRET_BYTES = 16;

    private final long life;
    private final long mostBytes;
    private final ServerExtension extension;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, KeptJob> all = new LinkedHashMap<>();

    /** @param mostBytes of the finished pictures of all */
    JobBoard(Duration life, long mostBytes, ServerExtension extension) {
        this.life = life.toNanos();
        this.mostBytes = mostBytes;
        this.extension = extension;
    }

    /**
     * One that is about to be submitted, under a name that nobody guesses.
     *
     * @param keeps whether its pictures are worth keeping when it is over
     */
    KeptJob create(String caller, Uploads.Batch files, boolean keeps) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return new KeptJob(
                Base64.getUrlEncoder().withoutPadding().encodeToString(secret),
                caller,
                files,
                keeps ? extension : ServerExtension.NONE);
    }

    synchronized void add(KeptJob job) {
        drop();
        all.put(job.id(), job);
    }

    /** @throws Refusal (404) where there is none of this name any more */
    synchronized KeptJob get(String id) {
        drop();
        return Optional.ofNullable(all.get(id)).orElseThrow(() -> Refusal.missing("there is no such job any more"));
    }

    synchronized void remove(KeptJob job) {
        all.remove(job.id());
    }

    /** Those of a caller, the oldest first. */
    synchronized List<KeptJob> of(String caller) {
        drop();
        return all.values().stream().filter(job -> job.caller().equals(caller)).toList();
    }

    private void drop() {
        long now = System.nanoTime();
        List<KeptJob> over = all.values().stream().filter(KeptJob::isOver).toList();
        long bytes = over.stream().mapToLong(KeptJob::bytes).sum();
        for (KeptJob job : over) {
            boolean isLatest =
                    job == over.get(over.size() - 1); // what was just drawn is there to be fetched, however large
            if (job.age(now) > life || bytes > mostBytes && !isLatest || all.size() > MOST_JOBS) {
                bytes -= job.bytes();
                all.remove(job.id());
            }
        }
    }
}
