// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.DrawingPlan;
import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.drawing.InfotextDrawing;
import dev.diffusion4j.drawing.NotedLora;
import dev.diffusion4j.drawing.PromptSelection;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.SchedulerOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Toward;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.Shelves;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings that a picture was drawn with, as the page has them: from the note of this library, or the text of A1111's webui.
 *
 * @param models among which the picture's is looked for
 * @param shelves with the adapters
 * @param usual the settings of a scheduler for a model, by the model's name and the scheduler
 */
record PictureSettings(
        ModelPlaces models, Shelves shelves, BiFunction<String, SchedulerKind, Map<String, @Nullable Object>> usual) {
    private static final Pattern FIELD = Pattern.compile("\\{(\\w+)}");

    /**
     * Of a file.
     *
     * @param otherwise the model to draw with where the picture's is not there
     * @return the settings, and what cannot be the same, a line each
     */
    Map<String, @Nullable Object> read(Path picture, @Nullable String otherwise) {
        Optional<InfotextDrawing> other = InfotextDrawing.of(picture);
        List<String> notices = new ArrayList<>();
        Map<String, @Nullable Object> settings =
                other.isPresent() ? ofWebui(other.get(), otherwise, notices) : ofOwn(picture, notices);
        settings.put("loras", new PictureLoras(shelves).of(picture, notices));
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("settings", settings);
        answer.put(
                "notices",
                notices.stream().map(notice -> words(notice, picture)).toList());
        return answer;
    }

    /** For people who see a page, not the file that the picture was put into. */
    private static String words(String notice, Path picture) {
        String words = FIELD.matcher(notice).replaceAll("$1").replace(picture.toString(), "this picture");
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    private Map<String, @Nullable Object> ofOwn(Path picture, List<String> notices) {
        GenerationNote note = GenerationNote.read(picture).note();
        Map<String, @Nullable Object> settings = of(note.request());
        String model = model(note.model(), notices);
        SchedulerKind kind = SchedulerKind.ofClass(note.scheduler(), "the picture");
        settings.put("model", model);
        settings.put("scheduler", kind.key());
        int clipSkip = note.request().subject().clipSkip();
        settings.put("beside", BesideForm.of(note.request(), clipSkip, note.schedulerConfig(), usual(model, kind)));
        settings.put("seed", note.request().seed() + note.index());
        settings.put("guides", new PictureGuides(shelves).of(note.guides(), notices));
        if (settings.get("prompt") instanceof String prompt && !"plain".equals(settings.get("syntax"))) {
            settings.put("prompt", NotedLora.without(prompt));
        }
        if (note.request().inputs().picture() != null) {
            notices.add(
                    note.request().inputs().mask() == null
                            ? "It was drawn from another picture, which its note does not hold: add it below."
                            : "It was drawn within a mask of another picture, and its note holds neither: add them below.");
        }
        return settings;
    }

    private Map<String, @Nullable Object> ofWebui(
            InfotextDrawing other, @Nullable String otherwise, List<String> notices) {
        Path place = otherwise == null ? null : models.path(otherwise).orElse(null);
        DrawingPlan plan =
                other.withoutLoras().plan(place, LoadOptions.DEFAULT, InfotextDrawing.Given.NOTHING, notices::add);
        PromptSelection prompts = plan.subject().prompts();
        Map<String, @Nullable Object> settings = of(plan.request());
        settings.put("model", otherwise);
        settings.put("guides", List.of()); // it knows of none
        settings.put("prompt", String.join("\n", prompts.prompts()));
        settings.put("negative", String.join("\n", prompts.negatives()));
        settings.put("steps", plan.scheduler().steps());
        SchedulerKind kind = plan.scheduler().kind();
        settings.put("scheduler", kind == null ? null : kind.key());
        settings.put("syntax", prompts.syntax().key());
        Map<String, ?> config = kind == null
                ? Map.of()
                : SchedulerOptions.parse(kind, plan.scheduler().options(), "the picture")
                        .config();
        settings.put("beside", BesideForm.of(plan.request(), prompts.clipSkip(), config, usual(otherwise, kind)));
        return settings;
    }

    /** Nothing where the model is not there, or draws by another kind of algorithm. */
    private Map<String, @Nullable Object> usual(@Nullable String model, @Nullable SchedulerKind kind) {
        try {
            return model == null || kind == null ? Map.of() : usual.apply(model, kind);
        } catch (Problem e) {
            return Map.of(); // said when it is chosen
        }
    }

    private static Map<String, @Nullable Object> of(GenerationRequest request) {
        Map<String, @Nullable Object> settings = new LinkedHashMap<>();
        settings.put("prompt", first(request.prompts()));
        settings.put("negative", first(request.subject().negativePrompts()));
        settings.put("class", first(request.classes()));
        settings.put("seed", request.seed());
        Toward toward = request.canvas().toward();
        settings.put("toward", toward == null ? null : Records.toMap(toward));
        settings.put("steps", (long) request.steps());
        settings.put("guidance_scale", request.guidance().scale());
        settings.put("syntax", request.subject().promptSyntax().key());
        if (request.inputs().strength() != null) {
            settings.put("strength", request.inputs().strength());
        }
        var size = request.size();
        if (size != null) {
            settings.put("width", (long) size.width());
            settings.put("height", (long) size.height());
        }
        return settings;
    }

    private static <T> @Nullable T first(@Nullable List<T> all) {
        return all == null || all.isEmpty() ? null : all.get(0);
    }

    /** What the page calls it. */
    private @Nullable String model(String noted, List<String> notices) {
        List<String> names = models.all().stream().map(ModelPlaces.Found::name).toList();
        String last = noted.replace('\\', '/').replaceFirst("/model/?$", "").replaceFirst(".*/", "");
        Optional<String> found = names.stream()
                .filter(name -> name.equals(noted))
                .findFirst()
                .or(() -> names.stream()
                        .filter(name -> name.endsWith("/" + last) || name.equals(last))
                        .findFirst())
                .or(() -> names.stream() // org/name@commit
                        .filter(name -> name.equals("hub/" + noted.replaceFirst("@[^@]*$", "")))
                        .findFirst());
        if (found.isEmpty()) {
            notices.add("Its model '" + last + "' is not in the folders that are open.");
        }
        return found.orElse(null);
    }
}
