// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.service.ServiceRequest;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of OpenAI's requests for pictures, and those that other local servers take beside them: {@code seed}, {@code steps}, {@code cfg_scale},
 * {@code negative_prompt}, {@code sampler}, {@code loras}, {@code strength}.
 */
record ImageFields(ModelNames models, Adapters adapters, Limits limits) {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})[xX×](\\d{1,5})");
    private static final int MOST_PARTIAL = 10;
    private static final long SEEDS = 1L << 32;
    private static final int USUAL_COMPRESSION = 90;

    /**
     * @param prompt what is drawn
     * @param more sets what only some kinds of requests have
     * @throws Refusal naming a field that is wrong, or asks for more than there is
     */
    ImageCall read(Fields fields, @Nullable String prompt, Consumer<RequestDraft> more) {
        String model = models.of(fields.text("model"));
        int count = limits.checkedCount(fields.count(1, 1, "n"));
        SampleSize size = limits.checkedSize(size(fields.text("size")));
        SchedulerSelection scheduler = scheduler(fields);
        Double scale = fields.number("guidance_scale", "cfg_scale");
        String negative = fields.text("negative_prompt");
        long seed = seed(fields.whole("seed"));
        boolean streams = fields.flag("stream");
        int partial = fields.count(0, 0, "partial_images");
        if (partial > MOST_PARTIAL) {
            throw Refusal.value(
                    "partial_images", "\"partial_images\" must be at most " + MOST_PARTIAL + ", but was " + partial);
        }
        GenerationRequest drawing = GenerationRequest.of(r -> {
            r.prompts(prompt == null ? null : List.of(prompt))
                    .count(count)
                    .size(size)
                    .seed(seed);
            if (negative != null && !negative.isEmpty()) {
                r.negativePrompt(negative);
            }
            if (scale != null) {
                r.guidanceScale(scale);
            }
            more.accept(r);
        });
        ServiceRequest request = ServiceRequest.of(drawing).with(r -> {
            r.model = model;
            r.scheduler = scheduler;
            r.mostSteps = limits.steps();
            r.loras = adapters.read(fields);
            r.previews = streams ? partial : 0;
        });
        boolean asUrl = fields.word("response_format", "b64_json", List.of("b64_json", "url"))
                .equals("url");
        return new ImageCall(request, form(fields), asUrl, streams, fields.ignored());
    }

    private SchedulerSelection scheduler(Fields fields) {
        int steps = limits.checkedSteps(fields.count(0, 1, "steps", "num_inference_steps"));
        return SamplerFields.read(fields, steps, "schedule", "sampler", "sample_method");
    }

    /** @throws Refusal (400) where it is no size */
    static @Nullable SampleSize size(@Nullable String text) {
        if (text == null || text.isEmpty() || text.equalsIgnoreCase("auto")) {
            return null;
        }
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw Refusal.value("size", "{size} must be WIDTHxHEIGHT, 512x512 for example, but was '" + text + "'");
        }
        return new SampleSize(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(1)));
    }

    /** Some seed, where none is given. */
    static long seed(@Nullable Long given) {
        return given == null || given < 0 ? ThreadLocalRandom.current().nextLong(SEEDS) : given;
    }

    private static PictureForm form(Fields fields) {
        String word = fields.word("output_format", "png", List.of("png", "jpeg", "jpg", "webp"));
        int compression = fields.count(USUAL_COMPRESSION, 0, "output_compression");
        if (compression > 100) {
            throw Refusal.value(
                    "output_compression", "\"output_compression\" must be at most 100, but was " + compression);
        }
        if (!word.startsWith("jp")) {
            fields.hasNoEffect("output_compression"); // both are without loss
        }
        return switch (word) {
            case "png" -> PictureForm.PNG;
            case "webp" -> new PictureForm(PictureForm.Kind.WEBP, 1);
            default -> new PictureForm(PictureForm.Kind.JPEG, compression / 100f);
        };
    }
}
