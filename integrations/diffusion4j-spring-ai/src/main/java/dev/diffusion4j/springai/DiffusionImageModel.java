// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai;

import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobResult;
import dev.diffusion4j.service.PictureFiles;
import dev.diffusion4j.service.ServiceRequest;
import io.micrometer.observation.ObservationRegistry;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.Image;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.image.ImageResponseMetadata;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationContext;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationDocumentation;

/**
 * Spring AI's {@link ImageModel} on a {@link DiffusionService}, which stays its owner's. Thread-safe, virtual threads included.
 *
 * <pre>{@code
 * ImageModel model = new DiffusionImageModel(service, DiffusionImageOptions.builder().steps(20).build());
 * ImageResponse drawn = model.call(new ImagePrompt("a red cat", DiffusionImageOptions.builder().seed(7L).build()));
 * }</pre>
 *
 * <p>Messages with a weight of 1, or none, are what the picture shows; those with a negative weight what it is guided away from. Another weight
 * makes a text count so much more or less, as {@code (text:1.2)} does in the syntax of A1111's webui. The media of a message is the picture to start from;
 * a media whose {@linkplain Media#getName() name} is {@code mask} is transparent where that is drawn anew, or, without transparency, white. Media holds bytes, base64 or a
 * {@code data:} URL; no other address is followed.
 *
 * <p>Pictures are PNG in {@link Image#getB64Json()}. Each generation has a {@link DiffusionImageMetadata}; the metadata of the response has
 * {@code model}, and {@code seed} of the first picture. Where files stand in a note, they do so by their names, without their folders.
 *
 * <p>A call ends within a step with a {@link java.util.concurrent.CancellationException} where its thread is interrupted (it stays so), its deadline passes
 * or the service is closed. Other errors are those of {@link DiffusionService#submit(ServiceRequest)} and {@link Job#await()}.
 */
public final class DiffusionImageModel implements ImageModel {
    /** What this library is called, by the property {@code spring.ai.model.image} and in observations. */
    public static final String PROVIDER = "diffusion4j";

    /** Of a start picture, where nothing else is said: four times 2048×2048. */
    private static final long MOST_PIXELS = 4 * 2048 * 2048;

    private static final ImageModelObservationConvention USUAL = new DefaultImageModelObservationConvention();

    private final DiffusionService service;
    private final DiffusionImageOptions options;
    private final ObservationRegistry observations;
    private final ImageModelObservationConvention convention;

    /** Without observations. */
    public DiffusionImageModel(DiffusionService service, DiffusionImageOptions options) {
        this(service, options, ObservationRegistry.NOOP, USUAL);
    }

    /**
     * @param options for what a prompt's own leave open
     * @param convention how calls are named on {@code observations}
     */
    public DiffusionImageModel(
            DiffusionService service,
            DiffusionImageOptions options,
            ObservationRegistry observations,
            ImageModelObservationConvention convention) {
        this.service = service;
        this.options = options;
        this.observations = observations;
        this.convention = convention;
    }

    /** What holds for what a prompt's own options leave open. */
    public DiffusionImageOptions options() {
        return options;
    }

    @Override
    public ImageResponse call(ImagePrompt prompt) {
        DiffusionImageOptions merged = options.merged(prompt.getOptions());
        ImageModelObservationContext context = ImageModelObservationContext.builder()
                .imagePrompt(new ImagePrompt(prompt.getInstructions(), merged))
                .provider(PROVIDER)
                .build();
        return ImageModelObservationDocumentation.IMAGE_MODEL_OPERATION
                .observation(convention, USUAL, () -> context, observations)
                .observe(() -> {
                    ImageResponse response =
                            draw(Messages.of(prompt.getInstructions(), merged.negativePrompt()), merged);
                    context.setResponse(response);
                    return response;
                });
    }

    private ImageResponse draw(Messages messages, DiffusionImageOptions own) {
        try (PictureFiles files = new PictureFiles()) {
            GenerationRequest drawing = GenerationRequest.of(r -> {
                describe(r, messages, own);
                start(r, messages, own, files);
            });
            ServiceRequest request = ServiceRequest.of(drawing).with(r -> {
                r.model = own.model();
                r.scheduler = SamplerNames.selection(own.scheduler(), null, own.steps());
                r.timeout = own.timeout();
            });
            try (Job job = service.submit(request)) {
                return response(request, job.await());
            }
        }
    }

    private static void describe(RequestDraft r, Messages messages, DiffusionImageOptions own) {
        r.prompt(messages.prompt()).promptSyntax(messages.syntax()).count(own.n() == null ? 1 : own.n());
        r.anySeed();
        if (own.seed() != null) {
            r.seed(own.seed());
        }
        if (messages.negativePrompt() != null) {
            r.negativePrompt(messages.negativePrompt());
        }
        if (own.guidanceScale() != null) {
            r.guidanceScale(own.guidanceScale());
        }
        if (own.width() != null && own.height() != null) {
            r.size(new SampleSize(own.height(), own.width()));
        }
    }

    private static void start(RequestDraft r, Messages messages, DiffusionImageOptions own, PictureFiles files) {
        if (messages.picture() == null) {
            return;
        }
        long most = own.mostPixels() == null ? MOST_PIXELS : own.mostPixels();
        BufferedImage picture = Messages.pixels(messages.picture(), "picture", most);
        BufferedImage sent = messages.mask() == null ? null : Messages.pixels(messages.mask(), "mask", most);
        BufferedImage mask = SentPicture.mask(picture, sent);
        r.picture(files.add("picture", picture))
                .mask(mask == null ? null : files.add("mask", mask))
                .strength(own.strength());
    }

    private ImageResponse response(ServiceRequest request, JobResult drawn) {
        String model = request.model() == null ? service.models().iterator().next() : request.model();
        long seed = request.drawing().seed();
        List<ImageGeneration> generations = new ArrayList<>();
        for (FinishedPicture picture : drawn.pictures()) {
            FinishedPicture shared = picture.withoutPlaces(model);
            generations.add(new ImageGeneration(
                    new Image(null, Base64.getEncoder().encodeToString(shared.png())),
                    new DiffusionImageMetadata(seed + picture.index(), shared.note())));
        }
        ImageResponseMetadata metadata = new ImageResponseMetadata();
        metadata.put("model", model);
        metadata.put("seed", seed);
        return new ImageResponse(generations, metadata);
    }
}
