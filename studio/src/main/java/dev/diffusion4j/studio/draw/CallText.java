// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the page as a call of the command, and as Java.
 *
 * @param settings as {@link PictureSettings} gives them
 * @param place of a model or an adapter by its name
 * @param clip that guides look with, or {@code null}
 */
record CallText(Map<String, @Nullable Object> settings, Function<String, Optional<Path>> place, @Nullable Path clip) {

    private @Nullable String text(String name) {
        Object value = settings.get(name);
        return value == null || value.equals("") ? null : String.valueOf(value);
    }

    private String path(String name) {
        return place.apply(name).map(CallText::shortest).orElse(name);
    }

    /** From the working folder, where that is shorter. */
    private static String shortest(Path path) {
        Path here = Path.of("").toAbsolutePath();
        return path.startsWith(here) && !path.equals(here)
                ? here.relativize(path).toString()
                : path.toString();
    }

    private List<Map<String, @Nullable Object>> loras() {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        if (settings.get("loras") instanceof List<?> list) {
            list.forEach(each -> all.add(Json.object(each)));
        }
        return all;
    }

    private List<String> guides() {
        return settings.get("guides") instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    private @Nullable String size() {
        String width = text("width");
        String height = text("height");
        return width == null || height == null ? null : width + "x" + height;
    }

    /** What the page has no field for. */
    private Map<String, @Nullable Object> beside() {
        return settings.get("beside") instanceof Map<?, ?> map ? Json.object(map) : Map.of();
    }

    private @Nullable String beside(String name) {
        Object value = beside().get(name);
        return value == null ? null : String.valueOf(value);
    }

    private Map<String, @Nullable Object> config() {
        return beside().get(BesideForm.SCHEDULER) instanceof Map<?, ?> map
                ? new LinkedHashMap<>(Json.object(map))
                : new LinkedHashMap<>();
    }

    /** {@code null} where words are words. */
    private @Nullable String syntax() {
        String syntax = text("prompt") == null ? null : text("syntax");
        return PromptSyntax.PLAIN.key().equals(syntax) ? null : syntax;
    }

    /** The CLIP, where one of the guides needs it. */
    private @Nullable String clipPlace() {
        return clip != null && guides().stream().anyMatch(GuideKit::needsClip) ? shortest(clip) : null;
    }

    /** {@code diffuse sample …}, in one line. */
    String command() {
        if (settings.get("toward") != null) {
            return "# 'diffuse sample' draws no picture between two seeds: this page, a job of the server and Java do";
        }
        StringBuilder line = new StringBuilder("diffuse sample");
        add(line, "--model", text("model") == null ? null : path(String.valueOf(text("model"))));
        add(line, "--prompt", text("prompt"));
        add(line, "--negative-prompt", text("negative"));
        add(line, "--prompt-syntax", syntax());
        add(line, "--class", text("class"));
        add(line, "--seed", text("seed"));
        add(line, "--count", "1".equals(text("count")) ? null : text("count"));
        add(line, "--scheduler", text("scheduler"));
        config().forEach((key, value) -> add(line, "--scheduler-option", key + "=" + Json.compact(value)));
        add(line, "--steps", text("steps"));
        add(line, "--guidance-scale", text("guidance_scale"));
        add(line, "--size", size());
        add(line, "--rng", beside("rng"));
        add(line, "--clip-skip", beside("clip_skip"));
        add(line, "--eta", beside("eta"));
        guides().forEach(guide -> add(line, "--guide", guide));
        add(line, "--clip-model", clipPlace());
        loras().forEach(lora -> add(line, "--lora", path(String.valueOf(lora.get("name"))) + ":" + lora.get("scale")));
        if (settings.get("picture") != null) {
            add(line, "--image", "start.png");
            add(line, "--strength", text("strength"));
            add(line, "--mask", settings.get("mask") == null ? null : "mask.png");
        }
        return line.append(" --out drawn").toString();
    }

    private static void add(StringBuilder line, String option, @Nullable String value) {
        if (value != null) {
            line.append(' ').append(option).append(' ').append(quoted(value));
        }
    }

    /** As a shell takes it for one word. */
    static String quoted(String word) {
        return word.matches("[\\w./:=#+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** The same with the library. */
    String java() {
        StringBuilder request = new StringBuilder();
        call(request, "prompt", text("prompt") == null ? null : literal(text("prompt")));
        call(request, "negativePrompt", text("negative") == null ? null : literal(text("negative")));
        call(request, "promptSyntax", syntax() == null ? null : "PromptSyntax." + upper(String.valueOf(syntax())));
        call(request, "classes", text("class"));
        call(request, "seed", text("seed") == null ? null : text("seed") + "L");
        if (settings.get("toward") instanceof Map<?, ?> way) {
            String points = way.get("from") + ", " + way.get("to");
            call(request, "toward", "new Toward(" + way.get("seed") + "L, " + points + ")");
        }
        call(request, "count", "1".equals(text("count")) ? null : text("count"));
        call(request, "steps", text("steps"));
        call(request, "guidanceScale", text("guidance_scale"));
        call(request, "size", size() == null ? null : "new SampleSize(" + text("height") + ", " + text("width") + ")");
        call(request, "rng", beside("rng") == null ? null : "NoiseGenerator.parse(" + literal(beside("rng")) + ")");
        call(request, "clipSkip", beside("clip_skip"));
        call(request, "eta", beside("eta"));
        if (settings.get("picture") != null) {
            call(request, "picture", literal("start.png"));
            call(request, "strength", text("strength"));
            call(request, "mask", settings.get("mask") == null ? null : literal("mask.png"));
        }
        return """
                try (DiffusionPipeline pipeline = DiffusionPipeline.load(Path.of(%s))%s) {
                    GenerationRequest request = GenerationRequest.of(r -> r%s);
                    try (GenerationResult result = pipeline%s.generate(request)) {
                        PngFile.write(Path.of("drawn.png"), result.images().get(0));
                    }
                }
                """
                .formatted(
                        literal(text("model") == null ? "model" : path(String.valueOf(text("model")))),
                        kit(),
                        request,
                        views());
    }

    private String kit() {
        String place = clipPlace();
        String origin =
                place == null ? "" : "new Clip.Origin(Path.of(" + literal(place) + "), null), System.err::println";
        return guides().isEmpty() ? "" : ";\n        GuideKit kit = new GuideKit(" + origin + ")";
    }

    /** As a constant is called. */
    private static String upper(String key) {
        return key.toUpperCase(java.util.Locale.ROOT).replace('-', '_');
    }

    private String options() {
        List<String> entries = new ArrayList<>();
        Map<String, @Nullable Object> config = config();
        config.values().removeIf(Objects::isNull); // which Map.entry takes none of
        config.forEach((key, value) -> entries.add("Map.entry(" + literal(key) + ", " + Json.compact(value) + ")"));
        return entries.isEmpty() ? "" : ", Map.ofEntries(" + String.join(", ", entries) + ")";
    }

    private String views() {
        StringBuilder views = new StringBuilder();
        String scheduler = text("scheduler");
        if (scheduler != null) {
            views.append("\n            .withScheduler(SchedulerKind.")
                    .append(upper(scheduler))
                    .append(options())
                    .append(')');
        }
        List<String> loras = loras().stream()
                .map(lora -> "new LoraChoice(Path.of(" + literal(path(String.valueOf(lora.get("name")))) + "), "
                        + lora.get("scale") + ")")
                .toList();
        if (!loras.isEmpty()) {
            views.append("\n            .withLoras(List.of(")
                    .append(String.join(", ", loras))
                    .append("))");
        }
        if (!guides().isEmpty()) {
            views.append("\n            .steeredBy(kit.parseAll(List.of(")
                    .append(String.join(
                            ", ", guides().stream().map(CallText::literal).toList()))
                    .append(")))");
        }
        return views.length() == 0 ? "" : views + "\n            ";
    }

    private static void call(StringBuilder request, String method, @Nullable String value) {
        if (value != null) {
            request.append("\n            .")
                    .append(method)
                    .append('(')
                    .append(value)
                    .append(')');
        }
    }

    private static String literal(@Nullable String text) {
        return Json.compact(text);
    }
}
