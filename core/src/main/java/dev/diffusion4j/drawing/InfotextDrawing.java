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
 * text {@code parameters}. What cannot be the same is reported, a line each.
 */
public final class InfotextDrawing {
    private static final Pattern SIZE = Pattern.compile("(\\d+)x(\\d+)");

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

    /** The same without the adapters that the prompt asks for: for whoever adds those that {@link NotedLora#of} finds. */
    public InfotextDrawing withoutLoras() {
        Infotext bare = new Infotext(
                NotedLora.without(text.prompt()), NotedLora.without(text.negativePrompt()), text.settings());
        return new InfotextDrawing(picture, bare);
    }

    /**
     * What a text cannot hold.
     *
     * @param loraDir the folder with the adapters that the prompt names, or {@code null} to draw without those that are not given
     * @param picture the file of the picture to start from, or {@code null}
     * @param mask of it, or {@code null}
     * @param refinerStart from when a refiner that is given counts; {@code null} for what the text says
     */
    public record Given(
            @Nullable String loraDir, @Nullable String picture, @Nullable String mask, @Nullable Double refinerStart) {
        /** Nothing. */
        public static final Given NOTHING = new Given(null, null, null, null);
    }

    /**
     * What is to be drawn.
     *
     * @param model where the model is, or a folder of single files that has one of its name; {@code null} to look beside the picture and in the
     *     working folder
     * @param loading how it is loaded, with the adapters that are given
     * @param given what else there is
     * @param notice receives in one line each what will differ
     * @throws Problem where something that is needed is not there
     */
    public DrawingPlan plan(@Nullable Path model, LoadOptions loading, Given given, Consumer<String> notice) {
        InfotextDifferences differences = new InfotextDifferences(text, picture);
        Path place = new InfotextModel(text, picture).find(model);
        InfotextLoras loras = new InfotextLoras(text, loading.loras(), given.loraDir());
        differences.report(loading, loras, given, notice);
        Double noted = number("Denoising strength");
        Double strength = noted == null || noted == 0 ? null : noted;
        if (strength != null && !differences.isEnlarged() && given.picture() == null) {
            throw Problem.request(
                    picture + " was drawn from another picture, which its text does not hold: give it with {picture}");
        }
        return new DrawingPlan(
                place,
                loading.withLoras(loras.added()),
                differences.scheduler(steps()),
                List.of(),
                null,
                new SubjectSelection(false, null, prompts(loras), 1),
                request(given, strength, loading.refiner() != null, differences));
    }

    private GenerationRequest request(
            Given given, @Nullable Double strength, boolean isRefined, InfotextDifferences differences) {
        boolean isMasked = given.mask() != null && differences.isMaskedOnly();
        boolean isPicture = given.picture() != null;
        Long padding = isMasked ? whole("Masked area padding") : null;
        Double scale = number("CFG scale");
        Long seed = whole("Seed");
        return GenerationRequest.of(r -> r.size(size())
                .seed(seed == null ? 0 : seed)
                .guidance(scale == null ? ClassifierFree.OWN : ClassifierFree.of(scale))
                .eta(eta())
                .rng(differences.generator())
                .picture(given.picture())
                .mask(given.mask())
                .strength(isPicture ? strength : null)
                .maskPadding(padding == null ? null : padding.intValue())
                .imageGuidanceScale(isPicture ? number("Image CFG scale") : null)
                .refinerStart(isRefined ? refinerStart(given) : null));
    }

    private @Nullable Double refinerStart(Given given) {
        return given.refinerStart() == null ? number(InfotextNote.REFINER_START) : given.refinerStart();
    }

    private PromptSelection prompts(InfotextLoras loras) {
        Long skip = whole("Clip skip");
        String negative = loras.negativePrompt();
        return new PromptSelection(
                List.of(loras.prompt()),
                negative.isEmpty() ? List.of() : List.of(negative),
                List.of(),
                List.of(),
                skip == null ? 0 : Math.max(0, skip.intValue() - 1),
                InfotextLoras.isPlain(text) ? PromptSyntax.PLAIN : PromptSyntax.A1111,
                loras.folderOfPrompt());
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
