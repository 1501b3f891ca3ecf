// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.pipeline.request.RequestDraft;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A picture to start from. */
final class StartOptions {
    @Option(
            names = "--image",
            paramLabel = "FILE",
            description =
                    "Start from this picture in place of noise. Where samples are latents, it is brought to --size, or to "
                            + "multiples of what the autoencoder needs.")
    @Nullable
    String image;

    @Option(
            names = "--strength",
            paramLabel = "X",
            converter = FiniteNumber.class,
            description =
                    "How much of the picture is drawn anew, above 0 and up to 1; default: what is usual with the model, 0.8 "
                            + "for most.")
    @Nullable
    Double strength;

    @Option(
            names = "--mask",
            paramLabel = "FILE",
            description = "A picture that is white where --image is drawn anew and black where it is kept.")
    @Nullable
    String mask;

    @Option(
            names = "--mask-padding",
            paramLabel = "N",
            description =
                    "Draw only the region around the white of --mask, with N pixels around it, as large as pictures are, and put it "
                            + "back into --image; default: the whole picture.")
    @Nullable
    Integer maskPadding;

    @Option(
            names = "--image-guidance-scale",
            paramLabel = "S",
            converter = FiniteNumber.class,
            description = "How strongly a model that changes pictures by instructions keeps to --image; default: 1.5.")
    @Nullable
    Double imageScale;

    @Option(
            names = "--control",
            paramLabel = "PLACE=IMAGE",
            description =
                    "Let a ControlNet follow a picture: its folder or org/name on the Hub (nothing for the model's own) and the picture, then ,scale=S ,start=A ,end=B where wanted, the shares "
                            + "of the steps that it counts in. May be given again.")
    List<String> controls = new ArrayList<>();

    @Option(
            names = "--guess-mode",
            description = "Let --control count for the prompt's prediction alone, and its finer features less.")
    boolean guessMode;

    /** Into a request. */
    RequestDraft apply(RequestDraft request) {
        Check.that(
                strength == null || image != null,
                "--strength says how much of a picture is drawn anew: give --image too");
        return request.picture(image)
                .strength(strength)
                .mask(mask)
                .maskPadding(maskPadding)
                .imageGuidanceScale(imageScale)
                .control(controls.stream().map(ControlText::parse).toList())
                .guessMode(guessMode);
    }
}
