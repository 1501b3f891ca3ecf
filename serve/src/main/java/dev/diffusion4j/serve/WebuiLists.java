// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.image.PngFile;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What clients of A1111's webui ask for before they draw: what there is, and what is set. */
final class WebuiLists {
    private static final String MODEL = "sd_model_checkpoint";

    private final ModelNames models;
    private final Adapters adapters;
    private final WebuiJobs jobs;

    WebuiLists(ModelNames models, Adapters adapters, WebuiJobs jobs) {
        this.models = models;
        this.adapters = adapters;
        this.jobs = jobs;
    }

    void add(RoutesConfig routes) {
        list(
                routes,
                "samplers",
                SamplerNames.samplers(),
                name -> map("name", name, "aliases", List.of(), "options", Map.of()));
        list(
                routes,
                "schedulers",
                SamplerNames.spacings(),
                name -> map(
                        "name", name.toLowerCase(Locale.ROOT).replace(' ', '_'), "label", name, "aliases", List.of()));
        routes.get(WebuiRoutes.PATH + "sd-models", this::models); // which are opened meanwhile, and others come later
        routes.get(WebuiRoutes.PATH + "loras", this::loras);
        absent(routes);
        routes.get(WebuiRoutes.PATH + "options", this::options);
        routes.post(WebuiRoutes.PATH + "options", this::set);
        routes.post(WebuiRoutes.PATH + "png-info", this::notes);
    }

    private void models(Context ctx) {
        Answers.json(
                ctx,
                200,
                models.all().stream()
                        .map(name -> map(
                                "title",
                                name,
                                "model_name",
                                name,
                                "hash",
                                null,
                                "sha256",
                                null,
                                "filename",
                                name,
                                "config",
                                null))
                        .toList());
    }

    private void loras(Context ctx) {
        Answers.json(
                ctx,
                200,
                adapters.names().stream()
                        .map(name -> map("name", name, "alias", name, "path", name, "metadata", Map.of()))
                        .toList());
    }

    /** What there is nothing of here. */
    private static void absent(RoutesConfig routes) {
        list(
                routes,
                "upscalers",
                List.of("None"),
                name -> map("name", name, "model_name", null, "model_path", null, "model_url", null, "scale", 1L));
        list(routes, "latent-upscale-modes", List.of(), name -> map("name", name));
        list(routes, "sd-vae", List.of(), name -> map("model_name", name, "filename", name));
    }

    private static void list(
            RoutesConfig routes,
            String path,
            Collection<String> names,
            Function<String, Map<String, @Nullable Object>> form) {
        List<Map<String, @Nullable Object>> all = names.stream().map(form).toList();
        routes.get(WebuiRoutes.PATH + path, ctx -> Answers.json(ctx, 200, all));
    }

    private static Map<String, @Nullable Object> map(@Nullable Object... keysAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
        }
        return map;
    }

    private void options(Context ctx) {
        String model = jobs.model(Access.caller(ctx), models.of(null));
        Answers.json(
                ctx, 200, map(MODEL, model, "sd_vae", "None", "samples_format", "png", "CLIP_stop_at_last_layers", 1L));
    }

    /** The model is the caller's own choice; nothing else can be set. */
    private void set(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        String model = sent.text(MODEL);
        if (model != null) {
            jobs.choose(Access.caller(ctx), models.of(model));
        }
        Answers.ignored(ctx, sent.ignored());
        Answers.json(ctx, 200, Map.of());
    }

    private void notes(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        byte[] file = JobFields.bytes(sent.any("image"), "image");
        try {
            Map<String, String> notes = PngFile.readNotes(new ByteArrayInputStream(file), "\"image\"");
            Answers.json(
                    ctx,
                    200,
                    map("info", notes.getOrDefault("parameters", ""), "items", notes, "parameters", Map.of()));
        } catch (Problem | IOException e) {
            throw Refusal.value("image", "\"image\" must be a whole PNG picture in base64");
        }
    }
}
