// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.cdi;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import jakarta.inject.Inject;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;

/** {@code GET /pictures?prompt=a+red+cat} answers a PNG, {@code GET /pictures/progress} says how far it is; who goes away cancels it. */
@Path("/pictures")
public class PictureResource {
    private final DiffusionService service;

    @Inject
    public PictureResource(DiffusionService service) {
        this.service = service;
    }

    /** Waits on a thread of the pool for blocking calls, or, with Quarkus' {@code @RunOnVirtualThread}, on a virtual one. */
    @GET
    @Produces("image/png")
    public byte[] draw(@QueryParam("prompt") String prompt, @QueryParam("steps") @DefaultValue("20") int steps) {
        try (Job job = submit(prompt, steps)) {
            return job.await().pictures().get(0).png();
        }
    }

    /** An event five times a second; the last one holds the picture. */
    @GET
    @Path("/progress")
    @Produces(MediaType.SERVER_SENT_EVENTS)
    public void progress(
            @QueryParam("prompt") String prompt,
            @QueryParam("steps") @DefaultValue("20") int steps,
            @Context SseEventSink client,
            @Context Sse sse)
            throws InterruptedException {
        try (client;
                Job job = submit(prompt, steps)) {
            while (!job.result().isDone() && !client.isClosed()) {
                client.send(
                        sse.newEvent("progress", String.valueOf(job.progress().share())));
                Thread.sleep(200);
            }
            if (job.result().isDone()) {
                byte[] png = job.await().pictures().get(0).png();
                client.send(
                        sse.newEvent("picture", java.util.Base64.getEncoder().encodeToString(png)));
            }
        }
    }

    private Job submit(String prompt, int steps) {
        return service.submit(GenerationRequest.of(r -> r.prompt(prompt).steps(steps)));
    }
}
