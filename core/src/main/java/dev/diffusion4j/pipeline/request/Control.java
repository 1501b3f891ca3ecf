// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * A network that runs beside the denoiser and makes it follow a picture.
 *
 * @param folder of the network, with its {@code config.json} and weights, or its place on the Hub; empty for the next one of the model's own
 * @param picture the file of the picture that it sees: edges, depths, poses
 * @param scale how strongly it counts; {@code null} for what is usual with the call
 * @param start the share of the steps from which it counts
 * @param end the share of the steps up to which it counts
 */
public record Control(String folder, String picture, @Nullable Double scale, double start, double end) {
    /** What keys mean that JSON omits; folder and picture are never omitted. */
    public static final Control DEFAULT = of("controlnet", "control.png");

    public Control {
        Check.that(!picture.isBlank(), "{control} must name the picture that '" + folder + "' sees");
        Check.that(
                scale == null || Double.isFinite(scale), "the scale of {control} must be a number, but was " + scale);
        Check.that(
                start >= 0 && start < end && end <= 1,
                "{control} must count from a share of the steps to a later one within 0 and 1, but was from " + start
                        + " to " + end);
    }

    /** In all steps, as strongly as is usual. */
    public static Control of(String folder, String picture) {
        return new Control(folder, picture, null, 0, 1);
    }

    /** By a network that is a part of the model, the first of those that are not taken by another control of the request. */
    public static Control ofOwn(String picture) {
        return of("", picture);
    }

    /** Whether the network is a part of the model. */
    public boolean isOwn() {
        return folder.isBlank();
    }

    /** With a network in another place. */
    public Control withFolder(String value) {
        return new Control(value, picture, scale, start, end);
    }

    /** With another scale. */
    public Control withScale(double value) {
        return new Control(folder, picture, value, start, end);
    }

    /** In some steps only. */
    public Control during(double first, double last) {
        return new Control(folder, picture, scale, first, last);
    }

    /** The scale; 1 where none is given. */
    public double weight() {
        return scale == null ? 1 : scale;
    }

    /** Whether it counts in a step. */
    public boolean isActive(int step, int steps) {
        return (double) step / steps >= start && (double) (step + 1) / steps <= end;
    }
}
