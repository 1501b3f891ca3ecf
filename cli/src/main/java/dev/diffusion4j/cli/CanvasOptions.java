// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.NoiseDtype;
import dev.diffusion4j.tensor.NoiseGenerator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The size of pictures, and where their noise comes from. */
final class CanvasOptions {
    @Option(
            names = "--size",
            paramLabel = "WxH",
            description = "Width x height, such as 64x48; default: the size in the model's config.")
    @Nullable
    String size;

    @Option(
            names = "--noise",
            paramLabel = "MODE",
            defaultValue = "per-image",
            completionCandidates = Choices.NoiseModes.class,
            description =
                    "per-image (each picture has its own random stream: diffusers with a list of generators) or shared "
                            + "(one stream for all: diffusers with a single generator); default: ${DEFAULT-VALUE}.")
    String noise = "per-image";

    @Option(
            names = "--noise-dtype",
            paramLabel = "T",
            defaultValue = "f32",
            completionCandidates = Choices.NoiseDtypes.class,
            description =
                    "The number format that noise is drawn in: f32, f16 or bf16, as diffusers draws it with that torch_dtype, other noise "
                            + "for the same seed; default: ${DEFAULT-VALUE}.")
    String noiseDtype = "f32";

    @Option(
            names = "--rng",
            paramLabel = "cpu|cuda[:SMSxTHREADS]",
            defaultValue = "cpu",
            description =
                    "Whose random numbers: cpu (torch's CPU generator), cuda (torch's CUDA generator, computed here without a card), or "
                            + "cuda:132x2048 (that of a card of 132 multiprocessors with 2048 threads each); default: ${DEFAULT-VALUE}.")
    String rng = "cpu";

    /** Into a request. */
    RequestDraft apply(RequestDraft request) {
        return request.size(size == null ? null : parse(size))
                .noise(Keyed.fromKey(NoiseMode.class, noise, "{noise}"))
                .noiseDtype(Keyed.fromKey(NoiseDtype.class, noiseDtype, "{noiseDtype}"))
                .rng(NoiseGenerator.parse(rng));
    }

    private static SampleSize parse(String text) {
        String[] parts = text.toLowerCase(Locale.ROOT).split("x");
        try {
            if (parts.length == 2) {
                return new SampleSize(Integer.parseInt(parts[1]), Integer.parseInt(parts[0]));
            }
        } catch (IllegalArgumentException e) {
            // the message below covers both
        }
        throw Problem.request("{size} must be WxH, each from 1 to 65536, such as 64x48, but was '" + text + "'");
    }
}
