// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.guidance.GuideSpec;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.service.ServiceRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.awt.image.BufferedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request in the JSON of a picture's note: {@code model}, {@code scheduler}, {@code scheduler_config}, {@code request}, {@code guides}, {@code loras}. In
 * place of files of pictures it holds the pictures themselves, in base64; whatever else names a file is refused.
 */
record JobFields(
        ModelNames models,
        Adapters adapters,
        Limits limits,
        ServerExtension extension,
        Supplier<Optional<Duration>> longest) {
    private static final List<String> GUIDES =
            GuideKit.plainNames().stream().sorted().toList();
    private static final List<String> FILES = List.of("config", "vae", "refiner", "clip_model", "embeddings");
    /** Of a note, without a meaning for what is drawn. */
    private static final List<String> PASSED = List.of("index", "clip_activation");

    private static final int MOST_PREVIEWS = 50;
    private static final int MOST_GUIDES = 20;
    private static final int MOST_VALUES = 1000;

    /**
     * One request for each scale of a sweep, or the only one.
     *
     * @throws Refusal naming what is wrong
     */
    List<ServiceRequest> read(Fields given, Uploads.Batch files) {
        Fields fields = given.any("settings") instanceof Map<?, ?> note ? Fields.of(Json.object(note)) : given;
        FILES.forEach(name -> refuseFile(name, fields.any(name)));
        PASSED.forEach(fields::any);
        GenerationRequest bound = Unpacking.run(() -> drawing(fields, files));
        Adapters.Asked asked = adapters.asked(bound.subject().promptSyntax(), bound.prompts());
        GenerationRequest drawing = withAdapters(bound, asked);
        int previews = fields.count(0, 0, "previews");
        if (previews > MOST_PREVIEWS) {
            throw Refusal.value("previews", "\"previews\" must be at most " + MOST_PREVIEWS + ", but was " + previews);
        }
        Double seconds = fields.number("timeout");
        ServiceRequest request = ServiceRequest.of(drawing).with(r -> {
            r.model = models.of(fields.text("model"));
            r.loras = asked.after(adapters.read(fields));
            r.guidances = guides(fields.any("guides"));
            r.scheduler = scheduler(fields, drawing);
            r.mostSteps = limits.steps();
            r.timeout = seconds == null ? null : shortened(Duration.ofMillis(Math.round(seconds * 1000)));
            r.previews = previews;
        });
        return swept(request, fields.any("sweep"));
    }

    /** Whoever asks may have less time than the server gives, not more. */
    private Duration shortened(Duration asked) {
        return longest.get().filter(most -> most.compareTo(asked) < 0).orElse(asked);
    }

    private List<ServiceRequest> swept(ServiceRequest request, @Nullable Object scales) {
        if (scales == null) {
            return List.of(request);
        }
        if (!(scales instanceof List<?> list) || list.isEmpty()) {
            throw Refusal.value(
                    "sweep", "\"sweep\" must be a list of guidance scales, but was " + Json.describe(scales));
        }
        long all = (long) list.size() * request.drawing().count();
        limits.checkedCount((int) Math.min(Integer.MAX_VALUE, all));
        List<ServiceRequest> swept = new ArrayList<>();
        for (Object scale : list) {
            if (!(scale instanceof Number number)) {
                throw Refusal.value("sweep", "\"sweep\" must hold numbers, but held " + Json.describe(scale));
            }
            GenerationRequest drawing = request.drawing();
            swept.add(request.with(r ->
                    r.drawing = drawing.with(d -> d.guidance(drawing.guidance().withScale(number.doubleValue())))));
        }
        return swept;
    }

    private GenerationRequest drawing(Fields fields, Uploads.Batch files) {
        Map<String, @Nullable Object> request = group(fields.any("request"), "request");
        Map<String, @Nullable Object> inputs = group(request.get("inputs"), "request.inputs");
        BufferedImage picture = keep(inputs, "picture", files);
        keep(inputs, "mask", files);
        refuseFile("control", inputs.get("control"));
        refuseFile("lora_dir", group(request.get("subject"), "request.subject").get("lora_dir"));
        if (!inputs.isEmpty()) {
            request.put("inputs", inputs);
        }
        checkTexts("request", request);
        GenerationRequest drawing = Records.bind(GenerationRequest.DEFAULT, request, "request");
        limits.checkedCount(drawing.count());
        if (hasSteps(request)) {
            limits.checkedSteps(drawing.steps());
        }
        boolean decides = drawing.inputs().mask() == null || drawing.inputs().maskPadding() != null;
        limits.checkedSize(drawing.size(), decides ? picture : null);
        return drawing;
    }

    /** Of prompts that may name some. */
    private GenerationRequest withAdapters(GenerationRequest drawing, Adapters.Asked asked) {
        if (drawing.subject().promptSyntax() == PromptSyntax.PLAIN) {
            return drawing;
        }
        return drawing.with(r -> {
            r.loraDir(adapters.folder());
            if (!asked.loras().isEmpty()) {
                r.prompts(asked.prompts());
            }
        });
    }

    /** @throws Refusal (422) where a text, or a list, is longer than a person would write */
    private static void checkTexts(String name, @Nullable Object value) {
        if (value instanceof String text) {
            Fields.checkLength(name, text);
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((key, each) -> checkTexts(String.valueOf(key), each));
        } else if (value instanceof List<?> list) {
            if (list.size() > MOST_VALUES) {
                throw Refusal.limit(
                        name,
                        "\"" + name + "\" must hold at most " + MOST_VALUES + " values, but holds " + list.size());
            }
            list.forEach(each -> checkTexts(name, each));
        }
    }

    private static boolean hasSteps(Map<String, @Nullable Object> request) {
        return group(request.get("sampling"), "request.sampling").containsKey("steps");
    }

    /** Puts the file of a picture in the place of the picture. */
    private @Nullable BufferedImage keep(Map<String, @Nullable Object> inputs, String name, Uploads.Batch files) {
        Object sent = inputs.get(name);
        if (sent == null) {
            return null;
        }
        BufferedImage picture = SentPicture.colours(limits.picture(bytes(sent, name), name));
        inputs.put(name, files.add(picture));
        return picture;
    }

    private static Map<String, @Nullable Object> group(@Nullable Object value, String name) {
        if (value == null) {
            return new LinkedHashMap<>();
        }
        if (value instanceof Map<?, ?> map) {
            return new LinkedHashMap<>(Json.object(map));
        }
        throw Refusal.value(name, "\"" + name + "\" must be an object, but was " + Json.describe(value));
    }

    /** Of base64, with or without {@code data:image/png;base64,} before it. */
    static byte[] bytes(@Nullable Object value, String name) {
        try {
            String text = value instanceof String given ? given.strip() : "?";
            return Base64.getMimeDecoder()
                    .decode(text.startsWith("data:") ? text.substring(text.indexOf(',') + 1) : text);
        } catch (IllegalArgumentException e) {
            throw Refusal.value(name, "\"" + name + "\" must be a picture in base64: no request names a file");
        }
    }

    private static void refuseFile(String name, @Nullable Object value) {
        boolean isNothing = value == null || value instanceof List<?> list && list.isEmpty();
        if (!isNothing) {
            throw new Refusal(422, "\"" + name + "\" names a file, which no request may", "names_a_file", name);
        }
    }

    private List<LossGuidance> guides(@Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list)) {
            throw Refusal.value("guides", "\"guides\" must be a list of texts, but was " + Json.describe(value));
        }
        if (list.size() > MOST_GUIDES) {
            throw Refusal.limit("guides", "\"guides\" must be at most " + MOST_GUIDES + ", but were " + list.size());
        }
        List<LossGuidance> guides = new ArrayList<>();
        try (GuideKit kit = new GuideKit()) { // which owns nothing of these
            for (Object each : list) {
                guides.add(guide(String.valueOf(each), kit));
            }
        }
        return guides;
    }

    private LossGuidance guide(String text, GuideKit kit) {
        String name = GuideSpec.parse(text).name();
        if (GUIDES.contains(name)) {
            return kit.parse(text);
        }
        return extension
                .guide(text)
                .orElseThrow(() -> new Refusal(
                        422,
                        "the guide '" + name + "' is none of this server's: " + String.join(", ", GUIDES),
                        "unknown_guide",
                        "guides"));
    }

    private static @Nullable SchedulerSelection scheduler(Fields fields, GenerationRequest drawing) {
        String name = fields.text("scheduler");
        Map<String, @Nullable Object> config = group(fields.any("scheduler_config"), "scheduler_config");
        boolean hasSteps = hasSteps(group(fields.any("request"), "request"));
        return SchedulerSelection.ofNote(name == null ? null : kind(name), config, drawing, hasSteps);
    }

    private static SchedulerKind kind(String name) {
        return Arrays.stream(SchedulerKind.values())
                .filter(kind -> kind.className().equals(name) || kind.key().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> Refusal.value("scheduler", "there is no \"scheduler\" '" + name + "'"));
    }
}
