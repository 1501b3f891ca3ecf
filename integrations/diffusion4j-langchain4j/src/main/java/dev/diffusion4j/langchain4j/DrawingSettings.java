// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.langchain4j;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.ServiceRequest;
import dev.langchain4j.data.image.Image;
import java.awt.image.BufferedImage;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What all pictures of a model have in common; {@code null} for what suits the network.
 *
 * @param mostPixels of a picture that is edited
 * @param last may change each request once all else is set
 */
record DrawingSettings(
        @Nullable String modelName,
        SchedulerSelection scheduler,
        @Nullable Double guidanceScale,
        @Nullable String negativePrompt,
        @Nullable SampleSize size,
        @Nullable Long seed,
        @Nullable Double strength,
        @Nullable Duration timeout,
        long mostPixels,
        JobListener listener,
        UnaryOperator<ServiceRequest> last) {
    private static final String BASE64 = ";base64,";

    /**
     * These, checked.
     *
     * @throws IllegalArgumentException where one is not allowed
     */
    DrawingSettings checked() {
        made("a picture", 1, r -> r.picture("a file").strength(strength));
        return this;
    }

    /** @param more sets what only some requests have */
    ServiceRequest request(String prompt, int count, Consumer<RequestDraft> more) {
        return last.apply(made(prompt, count, more));
    }

    private ServiceRequest made(String prompt, int count, Consumer<RequestDraft> more) {
        GenerationRequest drawing = GenerationRequest.of(r -> {
            r.prompt(prompt).count(count).size(size).anySeed();
            if (seed != null) {
                r.seed(seed);
            }
            if (negativePrompt != null) {
                r.negativePrompt(negativePrompt);
            }
            if (guidanceScale != null) {
                r.guidanceScale(guidanceScale);
            }
            more.accept(r);
        });
        return ServiceRequest.of(drawing).with(r -> {
            r.model = modelName;
            r.scheduler = scheduler;
            r.timeout = timeout;
        });
    }

    /**
     * The pixels of an image.
     *
     * @throws IllegalArgumentException where it holds none
     */
    BufferedImage picture(Image image, String name) {
        try {
            return SentPicture.read(file(Check.given(image, "{" + name + "}"), name), "{" + name + "}", mostPixels);
        } catch (Problem e) {
            throw Problems.of(e);
        }
    }

    private static byte[] file(Image image, String name) {
        String text = image.base64Data() != null ? image.base64Data() : dataOf(image.url(), name);
        try {
            return Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidArgument("{" + name + "} is no base64", e);
        }
    }

    private static String dataOf(@Nullable URI url, String name) {
        String text = String.valueOf(url);
        int data = text.indexOf(BASE64);
        Check.that(
                text.startsWith("data:") && data > 0,
                "{" + name + "} must hold base64 data, or a data: URL of it; no other address is followed");
        return text.substring(data + BASE64.length());
    }
}
