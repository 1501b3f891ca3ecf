// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobResult;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.awt.image.BufferedImage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** OpenAI's interface for pictures (https://platform.openai.com/docs/api-reference/images): generations, edits, variations, models. */
final class ImageRoutes {
    private final Supplier<DiffusionService> service;
    private final ImageFields fields;
    private final ResultRoutes results;
    private final Uploads uploads;
    private final long created = Instant.now().getEpochSecond();

    ImageRoutes(Supplier<DiffusionService> service, ImageFields fields, ResultRoutes results, Uploads uploads) {
        this.service = service;
        this.fields = fields;
        this.results = results;
        this.uploads = uploads;
    }

    void add(RoutesConfig routes) {
        routes.get("/v1/models", this::models);
        routes.get("/v1/models/<name>", this::model);
        routes.post("/v1/images/generations", this::generate);
        routes.post("/v1/images/edits", ctx -> edit(ctx, false));
        routes.post("/v1/images/variations", ctx -> edit(ctx, true));
    }

    private void models(Context ctx) {
        List<Object> all = new ArrayList<>();
        fields.models().all().forEach(name -> all.add(described(name)));
        Answers.json(ctx, 200, Map.of("object", "list", "data", all));
    }

    private void model(Context ctx) {
        String name = ctx.pathParam("name");
        fields.models().of(name);
        Answers.json(ctx, 200, described(name));
    }

    private Map<String, Object> described(String name) {
        return Map.of("id", name, "object", "model", "created", created, "owned_by", "diffusion4j");
    }

    private void generate(Context ctx) {
        draw(ctx, generation(ctx), "image_generation", uploads.batch());
    }

    private ImageCall generation(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        return fields.read(sent, prompt(sent, true), r -> {});
    }

    /**
     * None where it is empty and the model reads no words, since clients must send one to any model.
     *
     * @param isNeeded where the model does
     */
    private @Nullable String prompt(Fields sent, boolean isNeeded) {
        String prompt = sent.text("prompt");
        if ((prompt == null || prompt.isEmpty())
                && !service.get().look(fields.models().of(sent.text("model")), DiffusionPipeline::readsPrompts)) {
            return null;
        }
        if (prompt == null && isNeeded) {
            throw Refusal.value("prompt", "\"prompt\" is missing: say what the picture shows");
        }
        return prompt == null ? "" : prompt;
    }

    /** @param isVariation of the picture alone, where no prompt is asked for */
    private void edit(Context ctx, boolean isVariation) {
        try (Uploads.Batch files = uploads.batch()) {
            draw(ctx, edited(ctx, isVariation, files), "image_edit", files);
        }
    }

    private ImageCall edited(Context ctx, boolean isVariation, Uploads.Batch files) {
        Multipart parts = Multipart.read(Answers.bytes(ctx), ctx.header("Content-Type"));
        return Unpacking.run(() -> edited(parts, isVariation, files));
    }

    private ImageCall edited(Multipart parts, boolean isVariation, Uploads.Batch files) {
        Fields sent = Fields.ofForm(parts.texts());
        String prompt = prompt(sent, !isVariation);
        Double strength = sent.number("strength");
        BufferedImage image = picture(parts, "image");
        BufferedImage mask = SentPicture.mask(image, parts.files("mask").isEmpty() ? null : picture(parts, "mask"));
        fields.limits().checkedSize(ImageFields.size(sent.text("size")), mask == null ? image : null);
        ImageCall call = fields.read(sent, prompt, r -> r.picture(files.add(SentPicture.colours(image)))
                .mask(mask == null ? null : files.add(mask))
                .strength(strength));
        return call.withIgnored(parts.filesBeside("image", "mask"));
    }

    private BufferedImage picture(Multipart parts, String field) {
        List<byte[]> files = parts.files(field);
        if (files.size() != 1) {
            throw Refusal.value(field, "\"" + field + "\" must be one picture, but there are " + files.size());
        }
        return fields.limits().picture(files.get(0), field);
    }

    private void draw(Context ctx, ImageCall call, String event, Uploads.Batch files) {
        ImageStream stream = new ImageStream();
        Job job = service.get().submit(call.request(), stream);
        Answers.letGo(ctx);
        Answers.ignored(ctx, call.ignored());
        if (call.streams()) {
            stream(ctx, call, event, files, job, stream);
            return;
        }
        JobResult result = Waiting.await(ctx, job);
        List<Object> data = new ArrayList<>();
        result.pictures().forEach(picture -> data.add(sent(ctx, call, picture, files)));
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("created", Instant.now().getEpochSecond());
        answer.put("data", data);
        answer.putAll(about(call, result.pictures().get(0).image()));
        Answers.json(ctx, 200, answer);
    }

    private Map<String, @Nullable Object> sent(
            Context ctx, ImageCall call, FinishedPicture picture, Uploads.Batch files) {
        byte[] file = call.form().bytes(picture.image(), files.hidden(picture, call.request()));
        Map<String, @Nullable Object> sent = new LinkedHashMap<>();
        if (call.asUrl()) {
            sent.put("url", results.address(ctx, file, call.form()));
        } else {
            sent.put("b64_json", Base64.getEncoder().encodeToString(file));
        }
        sent.put("seed", call.request().drawing().seed() + picture.index());
        return sent;
    }

    private static Map<String, @Nullable Object> about(ImageCall call, BufferedImage image) {
        Map<String, @Nullable Object> about = new LinkedHashMap<>();
        about.put("size", image.getWidth() + "x" + image.getHeight());
        about.put("quality", "auto");
        about.put("background", "opaque");
        about.put("output_format", call.form().kind().word());
        return about;
    }

    private void stream(Context ctx, ImageCall call, String event, Uploads.Batch files, Job job, ImageStream pictures) {
        try (job) {
            EventStream events = new EventStream(ctx);
            int[] partial = {0};
            try {
                pictures.forEach(job, ClientWatch.of(ctx), events, item -> {
                    FinishedPicture done = item.finished();
                    String type = event + (done == null ? ".partial_image" : ".completed");
                    Map<String, @Nullable Object> data = new LinkedHashMap<>();
                    data.put("type", type);
                    data.put("created_at", Instant.now().getEpochSecond());
                    data.putAll(about(call, item.image()));
                    if (done == null) {
                        data.put("partial_image_index", partial[0]++);
                        byte[] file = call.form().bytes(item.image(), Map.of());
                        data.put("b64_json", Base64.getEncoder().encodeToString(file));
                    } else {
                        data.putAll(sent(ctx, call, done, files));
                    }
                    events.send(null, type, data);
                });
            } catch (ClientGone e) {
                throw e;
            } catch (RuntimeException e) { // the status was sent long ago
                events.send(null, "error", Map.of("error", uploads.answer(e).toMap()));
            }
        }
    }
}
