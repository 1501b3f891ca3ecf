// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.clip.ClipActivation;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.request.RequestDraft;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How samples are guided. */
final class GuideOptions {
    @Option(
            names = "--guide",
            paramLabel = "NAME=VALUE:SCALE",
            description =
                    "Steer by a loss, color=#55FFAA:40 for example; several at once by repeating it. Also brightness, "
                            + "contrast, saturation, sharpness (0 to 1), symmetry (left-right, top-bottom), clip=TEXT, "
                            + "clip-image=PICTURE, classifier=FOLDER@CLASS, mask=PICTURE[@MASK]. After the scale: "
                            + ",gradient=cheap|exact ,strength=image|source ,schedule=S ,clip-grad=X ,from=A ,to=B, with "
                            + "clip ,cuts=N ,range=unit|source.")
    List<String> guides = new ArrayList<>();

    @Option(
            names = "--clip-model",
            paramLabel = "PLACE",
            description =
                    "The CLIP that clip and clip-image guides look with: a folder that transformers or OpenCLIP saved, a run "
                            + "that trained one, or a checkpoint file of OpenCLIP.")
    @Nullable
    Path clipModel;

    @Option(
            names = "--clip-activation",
            paramLabel = "NAME",
            description = "quick_gelu or gelu, where the CLIP's files do not say it: quick_gelu for OpenAI's weights.")
    @Nullable
    String clipActivation;

    @Option(
            names = "--guidance-scale",
            paramLabel = "S",
            converter = FiniteNumber.class,
            description =
                    "Classifier-free guidance u + S(c - u): 1 none, 0 without the class, more exaggerates it; default: none, "
                            + "or what is usual with a model that draws what a text says.")
    @Nullable
    Double scale;

    @Option(
            names = "--guidance-w",
            paramLabel = "W",
            converter = FiniteNumber.class,
            description = "The same with the paper's w, which is S - 1: 0 none.")
    @Nullable
    Double w;

    @Option(
            names = "--negative-class",
            paramLabel = "N",
            description = "Guide away from this class instead of from no class.")
    @Nullable
    Integer negativeClass;

    @Option(
            names = "--guidance-rescale",
            paramLabel = "X",
            converter = FiniteNumber.class,
            defaultValue = "0",
            description =
                    "How much of the guided prediction's contrast is brought back to that of the class's own, 0 to 1; "
                            + "default: ${DEFAULT-VALUE}.")
    double rescale;

    @Option(
            names = "--guidance-interval",
            paramLabel = "A-B",
            defaultValue = "0-1",
            description = "Guide towards the class only in this share of the steps, 0.2-0.8 for example; default: "
                    + "${DEFAULT-VALUE}.")
    String interval = "0-1";

    /**
     * What makes guidances of words.
     *
     * @param noted the CLIP of the note of a picture that is drawn again, or {@code null}
     * @param notice receives what was done otherwise than asked
     */
    GuideKit kit(Clip.@Nullable Origin noted, Consumer<String> notice) {
        return new GuideKit(clip(noted), notice);
    }

    /**
     * Refuses a CLIP that nothing looks with.
     *
     * @param words all guides
     * @param otherUse whether something else than a guide looks with it
     */
    void checkClip(List<String> words, boolean otherUse) {
        Check.that(
                clipModel == null || otherUse || words.stream().anyMatch(GuideKit::needsClip),
                "--clip-model is for the guides clip=TEXT and clip-image=PICTURE, and there is none: omit it, or say"
                        + " what it is to look for, --guide \"clip=red rose:8\" for example");
    }

    /** The CLIP that was named, else that of the note; {@code null} for none. */
    Clip.@Nullable Origin clip(Clip.@Nullable Origin noted) {
        Check.that(clipActivation == null || clipModel != null, "--clip-activation needs --clip-model");
        if (clipModel == null) {
            return noted;
        }
        ClipActivation activation = clipActivation == null
                ? noted == null ? null : noted.activation()
                : Keyed.fromKey(ClipActivation.class, clipActivation, "--clip-activation");
        return new Clip.Origin(clipModel, activation);
    }

    /** Into a request; see {@link #apply(RequestDraft, List)}. */
    RequestDraft apply(RequestDraft request) {
        return apply(request, List.of());
    }

    /**
     * Into a request that is drawn with several scales one after the other, where there are any.
     *
     * @throws Problem where the options contradict each other
     */
    RequestDraft apply(RequestDraft request, List<Double> sweep) {
        return request.guidance(classifierFree(sweep)).negativeClass(negativeClass);
    }

    private ClassifierFree classifierFree(List<Double> sweep) {
        Check.that(scale == null || w == null, "--guidance-scale and --guidance-w say the same: give one of them");
        if (!sweep.isEmpty()) {
            Check.that(
                    scale == null && w == null,
                    "a sweep draws with several guidance scales: omit --guidance-scale and --guidance-w");
            sweep.forEach(each -> Check.finite(each, "a guidance scale"));
            return settings(ClassifierFree.OFF);
        }
        Double given = w != null ? (Double) (w + 1) : scale;
        if (given == null) {
            return settings(ClassifierFree.OWN);
        }
        return settings(ClassifierFree.of(given));
    }

    private ClassifierFree settings(ClassifierFree given) {
        double[] share = share();
        return given.withRescale(rescale).during(share[0], share[1]);
    }

    private double[] share() {
        String[] parts = interval.split("-");
        try {
            if (parts.length == 2) {
                return new double[] {Double.parseDouble(parts[0]), Double.parseDouble(parts[1])};
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw Problem.request(
                "--guidance-interval must be two shares of the steps, 0.2-0.8 for example, but was '" + interval + "'");
    }
}
