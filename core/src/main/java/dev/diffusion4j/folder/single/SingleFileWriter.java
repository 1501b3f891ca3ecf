// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.ArrangedWeights;
import dev.diffusion4j.checkpoint.CombinedWeights;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.NamePairs;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.model.autoencoder.OriginalAutoencoder;
import dev.diffusion4j.model.clip.OriginalTextEncoder;
import dev.diffusion4j.model.unet2dcondition.OriginalUNet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** Writes parts as one file in the original layout, whole or not at all, with one tensor in memory at a time. */
final class SingleFileWriter {
    private static final Map<String, String> CLASSES = Map.of(
            "unet", "UNet2DConditionModel",
            "vae", "AutoencoderKL",
            "text_encoder", "CLIPTextModel",
            "text_encoder_2", "CLIPTextModelWithProjection");

    private final OpenedParts parts;
    private final SingleLayout layout;
    private final Prediction prediction;

    private SingleFileWriter(OpenedParts parts) {
        this.parts = parts;
        parts.parts().values().forEach(part -> {
            if (!part.className().equals(CLASSES.get(part.name()))) {
                throw other(part, "as '" + part.name() + "'");
            }
        });
        layout = layout();
        prediction = Prediction.of(parts.scheduler());
    }

    /** @param as the format that a weight of a given format is written in */
    static void write(OpenedParts parts, Path file, UnaryOperator<DType> as) {
        SingleFileWriter writer = new SingleFileWriter(parts);
        WeightSource all = writer.combined();
        Safetensors.copy(file, all, all.tensors().keySet(), as, writer.prediction.metadata());
    }

    private SingleLayout layout() {
        boolean both = parts.find("text_encoder").isPresent();
        if (parts.find("text_encoder_2").isPresent()) {
            return both ? SingleLayout.XL : SingleLayout.XL_REFINER;
        }
        PipelinePart unet = parts.parts().get("unet");
        if (unet == null) {
            boolean isGelu = parts.find("text_encoder")
                    .filter(text -> "gelu".equals(text.config().get("hidden_act")))
                    .isPresent();
            return isGelu ? SingleLayout.SD2 : SingleLayout.SD1;
        }
        if (unet.config().get("addition_embed_type") != null) {
            return SingleLayout.XL;
        }
        return Boolean.TRUE.equals(unet.config().get("use_linear_projection")) ? SingleLayout.SD2 : SingleLayout.SD1;
    }

    private WeightSource combined() {
        List<WeightSource> sources = new ArrayList<>();
        parts.find("unet").ifPresent(unet -> sources.add(unet(unet)));
        parts.find("vae").ifPresent(vae -> sources.add(vae(vae)));
        layout.textPlaces()
                .forEach((name, begin) -> parts.find(name).ifPresent(text -> sources.add(text(text, begin))));
        sources.add(new MarkWeights(prediction.marks(layout)));
        return new CombinedWeights(sources);
    }

    private WeightSource unet(PipelinePart part) {
        Set<String> names = part.weights().tensors().keySet();
        NamePairs pairs = OriginalUNet.ofDiffusers(names)
                .orElseThrow(() -> other(part, "in this form"))
                .names();
        ArrangedWeights original = new ArrangedWeights(part.weights(), "");
        rename(part, pairs, (first, name) -> original.addWhole(SingleLayout.UNET + "." + first, name));
        return original;
    }

    private WeightSource vae(PipelinePart part) {
        Map<String, dev.diffusion4j.checkpoint.TensorInfo> tensors =
                part.weights().tensors();
        NamePairs pairs = OriginalAutoencoder.of(tensors.keySet())
                .orElseThrow(() -> other(part, "in this form"))
                .names();
        ArrangedWeights original = new ArrangedWeights(part.weights(), "");
        rename(
                part,
                pairs,
                (first, name) -> OriginalAutoencoder.addToOriginal(
                        original,
                        SingleLayout.VAE.get(0) + "." + first,
                        name,
                        Objects.requireNonNull(tensors.get(name))));
        return original;
    }

    private WeightSource text(PipelinePart part, String begin) {
        WeightSource own =
                layout.isOpenClip(part.name()) ? OriginalTextEncoder.toOpenClip(part.weights()) : part.weights();
        ArrangedWeights original = new ArrangedWeights(own, "");
        own.tensors().keySet().forEach(name -> original.addWhole(begin + "." + name, name));
        return original;
    }

    private void rename(PipelinePart part, NamePairs pairs, BiConsumer<String, String> add) {
        List<String> unknown = new ArrayList<>();
        part.weights().tensors().keySet().forEach(name -> pairs.first(name)
                .ifPresentOrElse(first -> add.accept(first, name), () -> unknown.add(name)));
        if (!unknown.isEmpty()) {
            throw Problem.failure(parts.place() + ": the original layout has no name for " + unknown.size()
                    + " tensors of '" + part.name() + "': " + FoundParts.first(unknown));
        }
    }

    private Problem other(PipelinePart part, String how) {
        return Problem.failure(parts.place() + " has a " + part.className() + " " + how
                + ", which the original layout of Stable Diffusion has no place for");
    }
}
