// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import jakarta.inject.Inject;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.Base64;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** {@code GET /pictures?prompt=a+red+cat} answers a PNG, {@code GET /pictures/progress} says how far it is; who goes away cancels it. */
@Path("/pictures")
public class PictureResource {
    private static final Executor LATER = CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS);

    private final DiffusionService service;

    @Inject
    public PictureResource(DiffusionService service) {
        this.service = service;
    }

    /** No thread waits. Quarkus cancels what is returned where the client goes away; with Jersey the picture is drawn to its end. */
    @GET
    @Produces("image/png")
    public CompletionStage<byte[]> draw(@BeanParam PictureQuery query) {
        Job job = service.submit(query.request());
        CompletableFuture<byte[]> png =
                job.result().thenApplyAsync(drawn -> drawn.pictures().get(0).png());
        CompletableFuture<byte[]> unused = png.whenComplete((done, error) -> job.close());
        return png;
    }

    /** An event five times a second; the last one holds the picture. */
    @GET
    @Path("/progress")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void progress(@BeanParam PictureQuery query, @Context SseEventSink client, @Context Sse sse) {
        follow(service.submit(query.request()), client, sse);
    }

    private static void follow(Job job, SseEventSink client, Sse sse) {
        try {
            if (job.result().isDone()) {
                byte[] png = job.await().pictures().get(0).png();
                client.send(sse.newEvent("picture", Base64.getEncoder().encodeToString(png)))
                        .whenComplete((sent, error) -> client.close());
            } else {
                client.send(
                        sse.newEvent("progress", String.valueOf(job.progress().share())));
                LATER.execute(() -> follow(job, client, sse));
            }
        } catch (Problem | CancellationException e) {
            client.send(sse.newEvent("failed", String.valueOf(e.getMessage())))
                    .whenComplete((sent, error) -> client.close());
        } catch (IllegalStateException e) { // the client is gone
            job.close();
        }
    }
}
