// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobResult;
import io.javalin.http.Context;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for jobs on the threads of requests. */
final class Waiting {
    /** How soon a client that has gone away is noticed. */
    static final long RHYTHM = 200;

    private Waiting() {}

    /**
     * The result of a job, which is cancelled where the client goes away.
     *
     * @throws ClientGone where it does
     * @throws RuntimeException whatever else the job ended with
     */
    static JobResult await(Context ctx, Job job) {
        ClientWatch watch = ClientWatch.of(ctx);
        try (job) {
            while (!isOver(job)) {
                if (watch.isGone()) {
                    throw new ClientGone();
                }
            }
            return job.await();
        }
    }

    private static boolean isOver(Job job) {
        try {
            job.result().get(RHYTHM, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException | CancellationException e) {
            return true; // await says why
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
