// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a folder is loaded.
 *
 * @param device {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}
 * @param precision what the network computes in
 * @param variant of the weights' files ({@code fp16}); {@code null} for the plain ones, or whatever there is
 * @param loras adapters that are added to the weights, in this order
 * @param families that the networks may be of
 * @param parts makes conditioner and codec from the folder's other networks
 * @param config a folder whose configs, tokenizers and missing parts count for a single file; {@code null} for none
 * @param embeddings files of words that text encoders learnt
 * @param vae the place of another autoencoder; {@code null} for the model's own
 * @param refiner the place of a model that ends what this one began; {@code null} for none
 * @param keeping how long networks stay in memory
 */
public record LoadOptions(
        String device,
        Precision precision,
        @Nullable String variant,
        List<LoraChoice> loras,
        ModelFamilies families,
        PartsReader parts,
        @Nullable Path config,
        List<Path> embeddings,
        @Nullable Path vae,
        @Nullable Path refiner,
        KeepNetworks keeping) {
    /** On the CPU in f32: the pictures that diffusers draws. */
    public static final LoadOptions DEFAULT = new LoadOptions(
            "cpu",
            Precision.F32,
            null,
            List.of(),
            ModelFamilies.BUILT_IN,
            PartsReader.OWN,
            null,
            List.of(),
            null,
            null,
            KeepNetworks.ALWAYS);

    public LoadOptions {
        loras = List.copyOf(loras);
        embeddings = List.copyOf(embeddings);
    }

    /** For folders whose network is of a family of this library. */
    public LoadOptions(String device, Precision precision, @Nullable String variant, List<LoraChoice> loras) {
        this(
                device,
                precision,
                variant,
                loras,
                ModelFamilies.BUILT_IN,
                PartsReader.OWN,
                null,
                List.of(),
                null,
                null,
                KeepNetworks.ALWAYS);
    }

    public LoadOptions withDevice(String value) {
        return new LoadOptions(
                value, precision, variant, loras, families, parts, config, embeddings, vae, refiner, keeping);
    }

    public LoadOptions withPrecision(Precision value) {
        return new LoadOptions(
                device, value, variant, loras, families, parts, config, embeddings, vae, refiner, keeping);
    }

    public LoadOptions withVariant(@Nullable String value) {
        return new LoadOptions(
                device, precision, value, loras, families, parts, config, embeddings, vae, refiner, keeping);
    }

    /** With adapters in the network; several are added up. */
    public LoadOptions withLoras(List<LoraChoice> value) {
        return new LoadOptions(
                device, precision, variant, value, families, parts, config, embeddings, vae, refiner, keeping);
    }

    /** For folders whose network is of a family outside this library. */
    public LoadOptions withFamilies(ModelFamilies value) {
        return new LoadOptions(
                device, precision, variant, loras, value, parts, config, embeddings, vae, refiner, keeping);
    }

    /** For folders with more networks than the denoiser. */
    public LoadOptions withParts(PartsReader value) {
        return new LoadOptions(
                device, precision, variant, loras, families, value, config, embeddings, vae, refiner, keeping);
    }

    /** For a single file: a folder whose configs, tokenizers and missing parts count. */
    public LoadOptions withConfig(@Nullable Path value) {
        return new LoadOptions(
                device, precision, variant, loras, families, parts, value, embeddings, vae, refiner, keeping);
    }

    /** With words that text encoders learnt: textual inversions in files of diffusers, A1111 or for Stable Diffusion XL. */
    public LoadOptions withEmbeddings(List<Path> value) {
        return new LoadOptions(
                device, precision, variant, loras, families, parts, config, value, vae, refiner, keeping);
    }

    /**
     * With another autoencoder of the same latents: a folder of one, a pipeline's folder, a file, or {@code org/name[@revision]} of the
     * Hub; {@code null} for the model's own.
     */
    public LoadOptions withVae(@Nullable Path value) {
        return new LoadOptions(
                device, precision, variant, loras, families, parts, config, embeddings, value, refiner, keeping);
    }

    /**
     * With a model that ends what this one began, Stable Diffusion XL's refiner for example; its own autoencoder is not read. {@code null}
     * for none.
     */
    public LoadOptions withRefiner(@Nullable Path value) {
        return new LoadOptions(
                device, precision, variant, loras, families, parts, config, embeddings, vae, value, keeping);
    }

    /** With networks that stay in memory longer, or go sooner. */
    public LoadOptions withKeeping(KeepNetworks value) {
        return new LoadOptions(
                device, precision, variant, loras, families, parts, config, embeddings, vae, refiner, value);
    }
}
