// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.TakenInputs;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.serve.Answers;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.FileRoutes;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.Shelves;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the page that draws asks for beside the server's jobs. */
public final class DrawRoom implements Room {
    private static final long MOST_PIXELS = 1L << 28;

    private final ModelPlaces models;
    private final Shelves shelves;
    private final DiffusionService service;

    /** Of what is open. */
    public DrawRoom(StudioContext context) {
        this.models = context.models();
        this.shelves = context.shelves();
        this.service = context.service();
    }

    @Override
    public String name() {
        return "draw";
    }

    @Override
    public void add(RoutesConfig routes) {
        routes.get(API + "draw/models", Calls.json(ctx -> Map.of("models", list())));
        routes.get(API + "draw/models/<name>", Calls.json(ctx -> described(ctx.pathParam("name"))));
        routes.get(API + "draw/loras", Calls.json(ctx -> Map.of("loras", loras(), "passed", (long) shelves.passed())));
        routes.get(API + "draw/schedulers", Calls.json(ctx -> Map.of("schedulers", schedulers())));
        routes.post(API + "draw/tokens", Calls.json(this::tokens));
        routes.post(API + "draw/note", Calls.json(this::note));
        routes.post(API + "draw/code", Calls.json(this::code));
    }

    private List<Map<String, @Nullable Object>> list() {
        return models.all().stream()
                .map(found -> {
                    Map<String, @Nullable Object> map = new LinkedHashMap<>();
                    map.put("name", found.name());
                    map.put("kind", found.kind());
                    map.put("changed", found.changed());
                    map.put("picture", models.picture(found).orElse(null));
                    return map;
                })
                .toList();
    }

    private Map<String, @Nullable Object> described(String name) {
        models.ensure(name);
        TakenInputs taken = service.look(name, TakenInputs::of);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("name", name);
        map.put("takes", taken.takes().name().toLowerCase(Locale.ROOT));
        map.put("classes", (long) taken.classes());
        map.put("class_names", models.classNames(name));
        map.put("words", taken.words());
        map.put("is_guided", taken.isGuided());
        map.put("scale", taken.scale());
        var size = taken.size();
        map.put("width", size == null ? null : (long) size.width());
        map.put("height", size == null ? null : (long) size.height());
        map.put("factor", (long) taken.factor());
        map.put("channels", (long) taken.channels());
        map.put("scheduler", taken.scheduler().key());
        map.put("steps", (long) taken.steps());
        map.put("is_latent", taken.isLatent());
        map.put("guides", guides(taken));
        return map;
    }

    /** The losses that pictures of a model can be steered by, without files. */
    private List<String> guides(TakenInputs taken) {
        return new PictureGuides(shelves)
                .names().stream()
                        .filter(name -> taken.channels() == 3
                                || !List.of("color", "saturation").contains(name))
                        .toList();
    }

    private List<Map<String, @Nullable Object>> loras() {
        return shelves.loras().stream()
                .map(lora -> {
                    Map<String, @Nullable Object> map = new LinkedHashMap<>();
                    map.put("name", lora.name());
                    map.put("trigger", lora.trigger());
                    return map;
                })
                .toList();
    }

    private static List<String> schedulers() {
        return Arrays.stream(SchedulerKind.values()).map(SchedulerKind::key).toList();
    }

    private @Nullable Object tokens(Context ctx) {
        Map<String, @Nullable Object> body = Calls.body(ctx);
        String model = Calls.text(body, "model");
        String prompt = Calls.text(body, "prompt");
        models.ensure(model);
        Optional<TakenInputs.TextLength> length = service.look(model, pipeline -> TakenInputs.length(pipeline, prompt));
        return length.<Object>map(found ->
                        Map.of("used", (long) found.used(), "most", (long) found.most(), "unread", found.unread()))
                .orElse(null);
    }

    /** Of a file that was dropped, or of a place of the folders. */
    private Object note(Context ctx) throws IOException {
        byte[] sent = Answers.bytes(ctx);
        String otherwise = ctx.queryParam("model");
        String place = ctx.queryParam("place");
        if (place != null) {
            return settings().read(models.resolve(place), otherwise);
        }
        if (FileRoutes.type(Arrays.copyOf(sent, 12)) == null) {
            throw Refusal.value("picture", "this is no PNG, JPEG or WebP {picture}");
        }
        if (sent.length > 0 && "image/png".equals(FileRoutes.type(Arrays.copyOf(sent, 12)))) {
            SentPicture.read(sent, "this", MOST_PIXELS); // a whole one
        }
        Path file = Files.createTempFile("dropped", ".png");
        try {
            Files.write(file, sent);
            return settings().read(file, otherwise);
        } catch (Problem e) {
            String why = String.valueOf(e.getMessage()).replace(file.toString(), "this picture");
            throw new Refusal(422, why, why.contains("does not say how") ? "no_note" : "not_restored", null);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private PictureSettings settings() {
        return new PictureSettings(models, shelves, (model, kind) -> {
            models.ensure(model);
            return service.look(
                    model,
                    pipeline -> Records.settings(
                            pipeline.withScheduler(kind).scheduler().config()));
        });
    }

    private Object code(Context ctx) {
        Map<String, @Nullable Object> settings = Json.object(Calls.body(ctx).get("settings"));
        CallText text = new CallText(
                settings,
                name -> models.path(name).or(() -> shelves.lora(name)),
                shelves.clips().stream().findFirst().orElse(null));
        return Map.of("command", text.command(), "java", text.java());
    }
}
