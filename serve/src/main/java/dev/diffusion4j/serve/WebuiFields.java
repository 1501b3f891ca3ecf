// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.service.ServiceRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The fields of the requests of A1111's webui.
 *
 * @param adapters among which {@code <lora:name:0.8>} in prompts is looked for
 */
record WebuiFields(ModelNames models, Adapters adapters, Limits limits) {
    /** How often {@code progress} has another picture. */
    private static final int PREVIEWS = 5;
    /** The webui's own. */
    private static final double USUAL_STRENGTH = 0.75;

    /**
     * What is drawn.
     *
     * @param usual the model that is meant where the request names none
     * @param files takes the pictures of an {@code img2img}; {@code null} for a {@code txt2img}
     * @throws Refusal naming what is wrong
     */
    ServiceRequest read(Fields fields, String usual, Uploads.@Nullable Batch files) {
        Fields overrides = fields.group("override_settings");
        String checkpoint = overrides.text("sd_model_checkpoint");
        int batch = fields.count(1, 1, "batch_size");
        long all = (long) batch * fields.count(1, 1, "n_iter");
        int count = limits.checkedCount((int) Math.min(Integer.MAX_VALUE, all));
        SampleSize size = limits.checkedSize(size(fields));
        SchedulerSelection scheduler = scheduler(fields);
        String prompt = fields.text("prompt");
        Adapters.Asked asked = adapters.asked(PromptSyntax.A1111, List.of(prompt == null ? "" : prompt));
        String negative = fields.text("negative_prompt");
        Double scale = fields.number("cfg_scale");
        long seed = ImageFields.seed(fields.whole("seed"));
        int skip = overrides.count(1, 1, "CLIP_stop_at_last_layers");
        Consumer<RequestDraft> start = files == null ? r -> {} : start(fields, size, files);
        GenerationRequest drawing = GenerationRequest.of(r -> {
            r.prompts(asked.prompts()).count(count).batchSize(batch).size(size).seed(seed);
            r.promptSyntax(PromptSyntax.A1111).loraDir(adapters.folder()).clipSkip(skip - 1);
            if (negative != null && !negative.isEmpty()) {
                r.negativePrompt(negative);
            }
            if (scale != null) {
                r.guidanceScale(scale);
            }
            start.accept(r);
        });
        return ServiceRequest.of(drawing).with(r -> {
            r.model = checkpoint == null ? usual : models.of(checkpoint);
            r.scheduler = scheduler;
            r.loras = asked.loras();
            r.mostSteps = limits.steps();
            r.previews = PREVIEWS;
        });
    }

    private static @Nullable SampleSize size(Fields fields) {
        int width = fields.count(0, 0, "width");
        int height = fields.count(0, 0, "height");
        if (width == 0 && height == 0) {
            return null;
        }
        return new SampleSize(height == 0 ? width : height, width == 0 ? height : width);
    }

    private SchedulerSelection scheduler(Fields fields) {
        int steps = limits.checkedSteps(fields.count(0, 0, "steps"));
        return SamplerFields.read(fields, steps, "scheduler", "sampler_name", "sampler_index");
    }

    /** True, or 1: scripts send either for both of the mask's switches, as the webui itself takes either. */
    private static boolean isOn(Fields fields, String name) {
        return fields.any(name) instanceof Number ? fields.count(0, 0, name) == 1 : fields.flag(name);
    }

    private Consumer<RequestDraft> start(Fields fields, @Nullable SampleSize size, Uploads.Batch files) {
        Object images = fields.any("init_images");
        if (!(images instanceof List<?> list) || list.size() != 1) {
            throw Refusal.value("init_images", "\"init_images\" must be a list of one picture in base64");
        }
        BufferedImage image = limits.picture(JobFields.bytes(list.get(0), "init_images"), "init_images");
        Object sent = fields.any("mask");
        BufferedImage mask =
                sent == null ? null : SentPicture.strokes(limits.picture(JobFields.bytes(sent, "mask"), "mask"));
        if (isOn(fields, "inpainting_mask_invert") && mask != null) {
            SentPicture.invert(mask);
        }
        Double strength = fields.number("denoising_strength");
        boolean isRegion = mask != null && isOn(fields, "inpaint_full_res");
        limits.checkedSize(size, mask == null || isRegion ? image : null);
        int padding = fields.count(0, 0, "inpaint_full_res_padding");
        return r -> r.picture(files.add(SentPicture.overWhite(image)))
                .mask(mask == null ? null : files.add(mask))
                .maskPadding(isRegion ? (Integer) padding : null)
                .strength(strength == null ? (Double) USUAL_STRENGTH : strength);
    }
}
