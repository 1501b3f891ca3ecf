// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.tensor.Precision;
import org.jspecify.annotations.Nullable;

/**
 * How a folder is loaded.
 *
 * @param device {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}
 * @param precision what the network computes in
 * @param variant of the weights' files ({@code fp16}); {@code null} for the plain ones, or whatever there is
 */
public record LoadOptions(String device, Precision precision, @Nullable String variant) {
    /** On the CPU in f32: the pictures that diffusers draws. */
    public static final LoadOptions DEFAULT = new LoadOptions("cpu", Precision.F32, null);

    public LoadOptions withDevice(String value) {
        return new LoadOptions(value, precision, variant);
    }

    public LoadOptions withPrecision(Precision value) {
        return new LoadOptions(device, value, variant);
    }

    public LoadOptions withVariant(@Nullable String value) {
        return new LoadOptions(device, precision, value);
    }
}
