// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.spring;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.QueueFullException;
import java.io.IOException;
import java.util.Base64;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** A picture by Spring AI's interface, and one with its progress by the service below it, which ends where its client goes away. */
@RestController
class PictureController implements DisposableBean {
    private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
    private final ImageModel images;
    private final DiffusionService service;

    PictureController(ImageModel images, DiffusionService service) {
        this.images = images;
        this.service = service;
    }

    @GetMapping(path = "/picture", produces = MediaType.IMAGE_PNG_VALUE)
    byte[] picture(@RequestParam String prompt) {
        return Base64.getDecoder()
                .decode(Objects.requireNonNull(
                                images.call(new ImagePrompt(prompt)).getResult())
                        .getOutput()
                        .getB64Json());
    }

    /** Events {@code progress}, from 0 to 1, and at the end {@code picture}, a PNG in base64. */
    @GetMapping(path = "/progress", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    SseEmitter progress(@RequestParam String prompt, @RequestParam(defaultValue = "20") int steps) {
        SseEmitter client = new SseEmitter(0L);
        Job job = service.submit(GenerationRequest.of(r -> r.prompt(prompt).steps(steps)));
        ScheduledFuture<?> pulse = clock.scheduleWithFixedDelay(() -> send(job, client), 0, 200, TimeUnit.MILLISECONDS);
        client.onCompletion(() -> {
            pulse.cancel(false);
            job.close();
        });
        return client;
    }

    private static void send(Job job, SseEmitter client) {
        try {
            if (job.result().isDone()) {
                byte[] png = job.await().pictures().get(0).png();
                client.send(SseEmitter.event()
                        .name("picture")
                        .data(Base64.getEncoder().encodeToString(png)));
                client.complete();
            } else {
                client.send(
                        SseEmitter.event().name("progress").data(job.progress().share()));
            }
        } catch (IOException e) { // the client is gone
            job.close();
        } catch (RuntimeException e) {
            client.completeWithError(e);
        }
    }

    @ExceptionHandler(QueueFullException.class)
    @ResponseStatus(HttpStatus.TOO_MANY_REQUESTS)
    String full(QueueFullException e) {
        return String.valueOf(e.getMessage());
    }

    @ExceptionHandler({Problem.class, IllegalArgumentException.class})
    @ResponseStatus(HttpStatus.UNPROCESSABLE_CONTENT)
    String wrong(RuntimeException e) {
        return String.valueOf(e.getMessage());
    }

    @Override
    public void destroy() {
        clock.shutdownNow();
    }
}
