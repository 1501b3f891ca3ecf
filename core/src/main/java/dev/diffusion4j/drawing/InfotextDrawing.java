// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.image.ExifComment;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A picture that another program drew and that is to be drawn again, as far as there is the same here: A1111's webui, or any that writes its
 * text {@code parameters}. What cannot be the same is said, a line each.
 */
public final class InfotextDrawing {
    private static final Pattern SIZE = Pattern.compile("(\\d+)x(\\d+)");
    private static final Pattern LORA = Pattern.compile("\\s*<(?:lora|lyco):([^>:]+)[^>]*>");

    private final Path picture;
    private final Infotext text;

    private InfotextDrawing(Path picture, Infotext text) {
        this.picture = picture;
        this.text = text;
    }

    /**
     * Reads the text in a PNG, a JPEG or a WebP file.
     *
     * @return empty where it has none, or where it has a note of this library, which says more
     * @throws Problem where the file cannot be read
     */
    public static Optional<InfotextDrawing> of(Path picture) {
        if (GenerationNote.isIn(picture)) {
            return Optional.empty();
        }
        Optional<String> text = PngFile.isOne(picture)
                ? Optional.ofNullable(PngFile.readNotes(picture).get(Infotext.NOTE))
                : ExifComment.read(picture);
        return text.filter(each -> !each.isBlank()).map(each -> new InfotextDrawing(picture, Infotext.parse(each)));
    }

    /**
     * What is to be drawn.
     *
     * @param model where the model is, or a folder of single files that has one of its name; {@code null} to look beside the picture and in the
     *     working folder
     * @param loading how it is loaded, with the adapters that are given
     * @param loraDir the folder with the adapters that the prompt names, or {@code null} to draw without those that are not given
     * @param start the file of the picture to start from, or {@code null}
     * @param mask of it, or {@code null}
     * @param notice hears in one line each what will differ
     * @throws Problem where something that is needed is not there
     */
    public DrawingPlan plan(
            @Nullable Path model,
            LoadOptions loading,
            @Nullable String loraDir,
            @Nullable String start,
            @Nullable String mask,
            Consumer<String> notice) {
        InfotextDifferences differences = new InfotextDifferences(text, picture);
        Path place = new InfotextModel(text, picture).find(model);
        differences.tell(loading, loraDir != null, start != null, notice);
        boolean isPicture = text.get("Denoising strength") != null && !differences.isEnlarged();
        if (isPicture && start == null) {
            throw Problem.request(picture
                    + " was drawn from another picture, which its text does not hold: give it with" + " {picture}");
        }
        Double strength = start == null ? null : number("Denoising strength");
        Long padding =
                mask == null || !"Only masked".equals(text.get("Inpaint area")) ? null : whole("Masked area padding");
        Double scale = number("CFG scale");
        Long seed = whole("Seed");
        GenerationRequest request = GenerationRequest.of(r -> r.size(size())
                .seed(seed == null ? 0 : seed)
                .guidance(scale == null ? ClassifierFree.OWN : ClassifierFree.of(scale))
                .eta(eta())
                .rng(differences.generator())
                .picture(start)
                .mask(mask)
                .strength(strength)
                .maskPadding(padding == null ? null : padding.intValue())
                .imageGuidanceScale(start == null ? null : number("Image CFG scale")));
        return new DrawingPlan(
                place,
                loading,
                differences.scheduler(steps()),
                List.of(),
                null,
                new SubjectSelection(false, null, prompts(loraDir), 1),
                request);
    }

    private PromptSelection prompts(@Nullable String loraDir) {
        Long skip = whole("Clip skip");
        boolean plain = "None".equals(text.get("Emphasis"));
        String negative = withoutTags(text.negativePrompt());
        boolean named = loraDir != null && !plain;
        return new PromptSelection(
                List.of(named ? text.prompt() : withoutTags(text.prompt())),
                negative.isEmpty() ? List.of() : List.of(negative),
                List.of(),
                List.of(),
                skip == null ? 0 : Math.max(0, skip.intValue() - 1),
                plain ? PromptSyntax.PLAIN : PromptSyntax.A1111,
                named ? loraDir : null);
    }

    private static String withoutTags(String prompt) {
        return LORA.matcher(prompt).replaceAll("");
    }

    /** What only the network knows: which model it is, and that XL's text encoders are never cut short there. */
    DrawingPlan settled(DiffusionPipeline loaded, DrawingPlan plan, Consumer<String> notice) {
        new InfotextModel(text, picture).compare(plan.model(), loaded, notice);
        PromptSelection prompts = plan.subject().prompts();
        if (!loaded.seesPooledText() || prompts.clipSkip() == 0 || InfotextDifferences.isOwn(text)) {
            return plan;
        }
        PromptSelection whole = new PromptSelection(
                prompts.prompts(), prompts.negatives(), List.of(), List.of(), 0, prompts.syntax(), prompts.loraDir());
        return new DrawingPlan(
                plan.model(),
                plan.loading(),
                plan.scheduler(),
                plan.guides(),
                plan.clip(),
                new SubjectSelection(false, null, whole, 1),
                plan.request());
    }

    private @Nullable Integer steps() {
        Long steps = whole("Steps");
        return steps == null ? null : Math.toIntExact(Math.min(steps, Integer.MAX_VALUE));
    }

    private double eta() {
        Double eta = number("Eta DDIM");
        if (eta == null && "DDIM".equals(text.get("Sampler"))) {
            eta = number("Eta");
        }
        return eta == null ? 0 : eta;
    }

    /** Of the first pass, where the picture was enlarged. */
    private @Nullable SampleSize size() {
        for (String name : List.of("First pass size", "Size")) {
            String value = text.get(name);
            var matcher = SIZE.matcher(value == null ? "" : value);
            if (matcher.matches() && !matcher.group().equals("0x0")) {
                try {
                    return new SampleSize(Integer.parseInt(matcher.group(2)), Integer.parseInt(matcher.group(1)));
                } catch (IllegalArgumentException e) {
                    throw wrong(name, "a size such as 512x512");
                }
            }
        }
        return null;
    }

    private @Nullable Double number(String name) {
        String value = text.get(name);
        try {
            return value == null ? null : Double.valueOf(value);
        } catch (NumberFormatException e) {
            throw wrong(name, "a number");
        }
    }

    private @Nullable Long whole(String name) {
        String value = text.get(name);
        try {
            return value == null ? null : Long.valueOf(value);
        } catch (NumberFormatException e) {
            throw wrong(name, "a whole number");
        }
    }

    private Problem wrong(String name, String rule) {
        return Problem.failure(picture + ": '" + name + "' in its text '" + Infotext.NOTE + "' must be " + rule
                + ", but was '" + text.get(name) + "'");
    }
}
