// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.langchain4j;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobResult;
import dev.diffusion4j.service.JobState;
import dev.diffusion4j.service.PictureFiles;
import dev.diffusion4j.service.ServiceRequest;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's {@link ImageModel} on a {@link DiffusionService}. Thread-safe, virtual threads included.
 *
 * <pre>{@code
 * try (DiffusionImageModel model = DiffusionImageModel.builder()
 *         .model(Path.of("stable-diffusion-v1-5"))
 *         .steps(20)
 *         .size(512, 512)
 *         .build()) {
 *     Image cat = model.generate("a red cat").content();
 *     Image blue = model.edit(cat, "a blue cat").content();
 * }
 * }</pre>
 *
 * <p>Pictures are PNG in {@link Image#base64Data()}. The metadata of a response has {@value #SEED}, the seed of its first picture (picture k is
 * drawn with the seed + k), and {@value #NOTES}, for each picture the note that
 * {@link dev.diffusion4j.drawing.GenerationNote#read(String, String)} reads, which is all that is needed to draw it again. The note also stands in
 * the PNG; files stand in it by their names, without their folders.
 *
 * <p>Pictures to be edited are given as base64, or as an address that is a {@code data:} URL; no other address is followed. They decide the
 * size where none is set. A mask is transparent where the picture is drawn anew; one without transparency is white there.
 *
 * <p>What goes wrong is LangChain4j's exception of that meaning, with this library's as its cause:
 *
 * <ul>
 *   <li>{@link IllegalArgumentException}: an argument or a setting is no such thing
 *   <li>{@link dev.langchain4j.exception.InvalidRequestException}: the model cannot draw what is asked for
 *   <li>{@link dev.langchain4j.exception.RateLimitException}: as many wait as may
 *   <li>{@link TimeoutException}: the deadline has passed
 *   <li>{@link dev.langchain4j.exception.LangChain4jException}: a file or the memory failed
 *   <li>{@link CancellationException}: the thread that waits was interrupted (it stays so), or the service was closed; the drawing stops within a step
 * </ul>
 */
public final class DiffusionImageModel implements ImageModel, AutoCloseable {
    /** The seed of the first picture, in a response's metadata: a {@link Long}. */
    public static final String SEED = "seed";

    /** How each picture was made, in a response's metadata: a {@code List<String>}. */
    public static final String NOTES = "notes";

    private final DiffusionService service;
    private final boolean isOwner;
    private final DrawingSettings settings;

    DiffusionImageModel(DiffusionService service, boolean isOwner, DrawingSettings settings) {
        this.service = service;
        this.isOwner = isOwner;
        this.settings = settings;
    }

    /** Says what is drawn with, and how. */
    public static DiffusionImageModelBuilder builder() {
        return new DiffusionImageModelBuilder();
    }

    /** What draws, to be looked at: its jobs, its estimates. */
    public DiffusionService service() {
        return service;
    }

    @Override
    public Response<Image> generate(String prompt) {
        return draw(prompt, 1, r -> {}, images -> images.get(0));
    }

    @Override
    public Response<List<Image>> generate(String prompt, int n) {
        return draw(prompt, n, r -> {}, images -> images);
    }

    @Override
    public Response<Image> edit(Image image, String prompt) {
        return change(image, null, prompt);
    }

    @Override
    public Response<Image> edit(Image image, Image mask, String prompt) {
        return change(image, Check.given(mask, "{mask}"), prompt);
    }

    private Response<Image> change(Image image, @Nullable Image mask, String prompt) {
        BufferedImage start = settings.picture(image, "image");
        BufferedImage white = SentPicture.mask(start, mask == null ? null : settings.picture(mask, "mask"));
        try (PictureFiles files = new PictureFiles()) {
            String picture = files.add("image", start);
            String redrawn = white == null ? null : files.add("mask", white);
            return draw(
                    prompt,
                    1,
                    r -> r.picture(picture).mask(redrawn).strength(settings.strength()),
                    images -> images.get(0));
        } catch (Problem e) { // of the files
            throw Problems.of(e);
        }
    }

    private <T> Response<T> draw(
            String prompt, int count, Consumer<RequestDraft> more, Function<List<Image>, T> content) {
        Check.that(prompt != null && !prompt.isBlank(), "{prompt} is missing: say what the picture shows");
        Check.positive(count, "{n}");
        ServiceRequest request = settings.request(prompt, count, more);
        JobResult drawn;
        try (Job job = service.submit(request, settings.listener())) {
            drawn = await(job);
        } catch (RuntimeException e) {
            throw Problems.of(e);
        }
        String name = request.model() == null ? service.models().iterator().next() : request.model();
        List<Image> images = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (FinishedPicture picture : drawn.pictures()) {
            FinishedPicture shared = picture.withoutPlaces(name);
            images.add(Image.builder()
                    .base64Data(Base64.getEncoder().encodeToString(shared.png()))
                    .mimeType("image/png")
                    .build());
            notes.add(shared.note());
        }
        GenerationRequest drawing = request.drawing();
        return Response.from(
                content.apply(List.copyOf(images)),
                null,
                null,
                Map.of(SEED, drawing.seed(), NOTES, List.copyOf(notes)));
    }

    private static JobResult await(Job job) {
        try {
            return job.await();
        } catch (CancellationException e) {
            if (job.state() == JobState.EXPIRED) {
                throw new TimeoutException(e.getMessage(), e);
            }
            throw e;
        }
    }

    /**
     * Closes the service that the builder opened, which lets jobs end that are there; a service that the builder was given stays its owner's. Closing
     * twice is fine.
     */
    @Override
    public void close() {
        if (isOwner) {
            service.close();
        }
    }
}
