// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pictures that a run is given.
 *
 * @param picture the file of the picture to start from in place of noise, or to be changed, or {@code null}
 * @param strength how much of it is drawn anew, in (0, 1]: the last {@code int(steps · strength)} steps run; of use with a picture;
 *     {@code null} for what is usual with the network
 * @param mask the file of a picture that is white where the start picture is drawn anew and black where it is kept, or
 *     {@code null} for white everywhere
 * @param maskPadding pixels around the white of the mask: only that region is drawn, as large as pictures are, and put back into the picture;
 *     {@code null} for the whole picture
 * @param imageGuidanceScale how strongly a network that changes a picture keeps to it; {@code null} for what is usual
 * @param control networks that run beside the denoiser, with the pictures that they see
 * @param guessMode whether those count for the prompt's prediction alone, and their finer features less
 */
public record Inputs(
        @Nullable String picture,
        @Nullable Double strength,
        @Nullable String mask,
        @Nullable Integer maskPadding,
        @Nullable Double imageGuidanceScale,
        List<Control> control,
        boolean guessMode) {
    /** Where neither the request nor the network says another one. */
    public static final double USUAL_STRENGTH = 0.8;

    /** The image guidance scale of InstructPix2Pix where the request says no other. */
    public static final double USUAL_IMAGE_GUIDANCE_SCALE = 1.5;

    /** Noise alone. */
    public static final Inputs NONE = new Inputs(null, null, null, null, null, List.of(), false);

    public Inputs {
        control = List.copyOf(control);
        Check.that(!guessMode || !control.isEmpty(), "{guessMode} is for control networks: give {control} too");
        Check.that(
                strength == null || strength > 0 && strength <= 1,
                "{strength} must lie in (0, 1], but was " + strength);
        Check.that(mask == null || picture != null, "{mask} says what is kept of a picture: give {picture} too");
        Check.that(
                maskPadding == null || mask != null,
                "{maskPadding} says what is drawn around the white of a mask: give {mask} too");
        Check.that(maskPadding == null || maskPadding >= 0, "{maskPadding} must be at least 0, but was " + maskPadding);
        Check.that(
                imageGuidanceScale == null || Double.isFinite(imageGuidanceScale) && imageGuidanceScale >= 0,
                "{imageGuidanceScale} must be a number of at least 0, but was " + imageGuidanceScale);
        Check.that(
                imageGuidanceScale == null || picture != null,
                "{imageGuidanceScale} says how strongly a picture is kept to: give {picture} too");
    }

    /** The image guidance scale; the usual one where none is given. */
    public double pictureScale() {
        return imageGuidanceScale == null ? USUAL_IMAGE_GUIDANCE_SCALE : imageGuidanceScale;
    }

    /** The strength; the usual one where none is given. */
    public double amount() {
        return strength == null ? USUAL_STRENGTH : strength;
    }

    /**
     * The step that a run begins with: diffusers' {@code get_timesteps}.
     *
     * @param steps of the whole run
     * @throws IllegalArgumentException where none would be left
     */
    public int firstStep(int steps) {
        if (picture == null) {
            return 0;
        }
        int left = (int) (steps * amount());
        Check.that(
                left > 0,
                "{strength} " + amount() + " of {steps} " + steps + " leaves no step to draw: give more of either");
        return steps - left;
    }
}
