// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.KeepNetworks;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.RequestDraft;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which files of a model are read. */
final class FileOptions {
    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "Which files of weights to read, where the folder has several: fp16, bf16.")
    @Nullable
    String variant;

    @Option(
            names = "--embedding",
            paramLabel = "FILE",
            description =
                    "A word that was learnt for the text encoders (textual inversion); may be given again. The file says the word, or "
                            + "is named like it.")
    List<Path> embeddings = new ArrayList<>();

    @Option(
            names = "--vae",
            paramLabel = "PLACE",
            description =
                    "An autoencoder in place of the model's own, an AutoencoderKL or AutoencoderTiny (TAESD): its folder, one file of it, a "
                            + "model that has one, or org/name on the Hub.")
    @Nullable
    Path vae;

    @Option(
            names = "--refiner",
            paramLabel = "PLACE",
            description =
                    "A model that ends the pictures, that of Stable Diffusion XL: it is given finished ones and draws the last 0.3 of the steps "
                            + "anew; with ,start=A behind the place it takes them over, noisy, after that share of the noise levels.")
    @Nullable
    String refiner;

    @Option(
            names = "--low-memory",
            description =
                    "Keep one network in memory at a time, and read it again where it is needed again: the least memory, the same pictures.")
    boolean lowMemory;

    /** @param calls how many pictures or sweeps of them the process draws, one after the other */
    KeepNetworks keeping(int calls) {
        return lowMemory ? KeepNetworks.ONE : calls <= 1 ? KeepNetworks.CALL : KeepNetworks.ALWAYS;
    }

    /** Into what else is loaded. */
    LoadOptions apply(LoadOptions options) {
        return options.withVariant(variant)
                .withEmbeddings(embeddings)
                .withVae(vae)
                .withRefiner(refiner == null ? null : Path.of(cut(refiner)[0]));
    }

    /** Into a request. */
    RequestDraft apply(RequestDraft request) {
        Double start = refinerStart();
        return start == null ? request : request.refinerStart(start);
    }

    /** From when the refiner counts, where that is given. */
    @Nullable
    Double refinerStart() {
        if (refiner == null || cut(refiner).length == 1) {
            return null;
        }
        try {
            return Double.valueOf(cut(refiner)[1]);
        } catch (NumberFormatException e) {
            throw Problem.request(
                    "the start of {refiner} must be a number between 0 and 1, but was '" + cut(refiner)[1] + "'");
        }
    }

    /** The place, and the start where it is given. */
    private static String[] cut(String text) {
        return text.split(",start=", 2);
    }
}
