// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.metric.DrawnPictures;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.SubjectGroup;
import dev.diffusion4j.text.PromptSyntax;
import java.awt.image.BufferedImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pictures with how they were made.
 *
 * @param images as they would be written
 * @param classes what was asked for, or {@code null}
 * @param seconds that drawing took
 * @param how model and adapters, scheduler and its settings, steps, seed, prompts, guidance, for the record
 */
public record Drawn(
        List<BufferedImage> images,
        @Nullable List<Integer> classes,
        double seconds,
        Map<String, @Nullable Object> how) {

    /** Draws; {@code name} is the model's, for people. */
    public static Drawn by(
            DiffusionPipeline pipeline,
            GenerationRequest request,
            String name,
            StepListener listener,
            Cancellation cancellation) {
        GenerationRequest whole = pipeline.filled(request);
        long start = System.nanoTime();
        try (GenerationResult result = pipeline.generate(whole, listener, cancellation)) {
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Drawn(result.images(), request.classes(), seconds, how(pipeline, whole, name));
        }
    }

    /** All that decides the pictures but for their classes, which {@link dev.diffusion4j.metric.Figure#classes()} counts. */
    private static Map<String, @Nullable Object> how(
            DiffusionPipeline pipeline, GenerationRequest request, String name) {
        Map<String, @Nullable Object> how = new LinkedHashMap<>();
        how.put("model", name);
        how.put("model_hash", pipeline.modelHash());
        how.put("loras", pipeline.loras().stream().map(LoraChoice::text).toList());
        how.put("scheduler", pipeline.scheduler().algorithm().key());
        how.put("scheduler_config", pipeline.scheduler().config());
        how.put("step_options", Records.toMap(request.stepOptions()));
        how.put("steps", (long) request.steps());
        how.put("seed", request.seed());
        how.put("eta", request.eta());
        words(request.subject(), how);
        ClassifierFree guidance = request.guidance();
        Integer negative = request.subject().negativeClass();
        how.put("guidance_scale", guidance.weight());
        how.put("negative_class", negative == null ? null : (Object) negative.longValue());
        how.put("guidance_rescale", guidance.rescale());
        how.put("guidance_interval", List.of(guidance.from(), guidance.to()));
        how.put("guides", pipeline.steering().stream().map(LossGuidance::name).toList());
        Clip.Origin clip = GenerationNote.clipOf(pipeline);
        if (clip != null) {
            how.put("clip_model", clip.place().toString());
        }
        SampleSize size = request.size();
        how.put("size", size == null ? null : size.text());
        how.put("noise", request.noise().key());
        how.put("noise_dtype", request.canvas().noiseDtype().key());
        how.put("rng", request.canvas().rng().text());
        how.put("dtype", pipeline.precision().key());
        return how;
    }

    /** What was asked for in words; nothing where nothing was, so that the record is that of a model without words. */
    private static void words(SubjectGroup subject, Map<String, @Nullable Object> how) {
        Map<String, @Nullable List<String>> texts = new LinkedHashMap<>();
        texts.put("prompts", subject.prompts());
        texts.put("negative_prompts", subject.negativePrompts());
        texts.put("prompts_2", subject.prompts2());
        texts.put("negative_prompts_2", subject.negativePrompts2());
        texts.forEach((key, text) -> {
            if (text != null) {
                how.put(key, text.stream().distinct().toList());
            }
        });
        if (subject.clipSkip() > 0) {
            how.put("clip_skip", (long) subject.clipSkip());
        }
        if (subject.promptSyntax() != PromptSyntax.PLAIN) {
            how.put("prompt_syntax", subject.promptSyntax().key());
            how.put("lora_dir", subject.loraDir());
        }
    }

    /** For judging; the caller closes it. */
    public PictureSet pictures() {
        String text = String.format(
                Locale.ROOT,
                "%s (%s, %s steps, seed %s)",
                how.get("model"),
                how.get("scheduler"),
                how.get("steps"),
                how.get("seed"));
        return PictureSet.of(new DrawnPictures(text, images, classes), null);
    }

    /** The height of a picture in pixels. */
    public int side() {
        return images.get(0).getHeight();
    }
}
