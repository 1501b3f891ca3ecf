// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.folder.NetworkPlace;
import dev.diffusion4j.folder.single.OpenedParts;
import dev.diffusion4j.folder.single.PipelinePart;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.tensor.Devices;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An autoencoder that takes the place of a pipeline's own. */
final class OtherVae {
    /** The kinds of autoencoders that a pipeline can have. */
    static final List<ModelFamily> FAMILIES = List.of(AutoencoderKl.FAMILY, AutoencoderTiny.FAMILY);

    private static final String PART = "vae";
    /** What a file in the original layout does not say, and models of one kind have in common. */
    private static final List<String> SCALE = List.of("scaling_factor", "shift_factor", "latents_mean", "latents_std");

    private OtherVae() {}

    /**
     * Its files.
     *
     * @param own the config of the pipeline's own autoencoder, whose scale counts for a single file; empty where it has none
     * @throws Problem where it cannot be read
     */
    static PartFiles.Network files(Path place, Map<String, @Nullable Object> own, LoadOptions options) {
        if (!SingleFile.isOne(place)) {
            Path folder = NetworkPlace.folder(place, FAMILIES, options.variant(), HubProgress.SILENT);
            return PartFiles.Network.of(NetworkPlace.network(folder, FAMILIES), options);
        }
        Map<String, @Nullable Object> scale = new TreeMap<>();
        SCALE.stream().filter(own::containsKey).forEach(key -> scale.put(key, own.get(key)));
        try (OpenedParts file = SingleFile.open(place, options.config(), options.families())) {
            PipelinePart part = part(place, file, scale);
            return new PartFiles.Network(
                    place,
                    PART + scale,
                    () -> read(place, scale, options),
                    () -> part.create(options.families()),
                    null);
        }
    }

    private static Model read(Path place, Map<String, @Nullable Object> scale, LoadOptions options) {
        try (OpenedParts file = SingleFile.open(place, options.config(), options.families())) {
            return part(place, file, scale)
                    .read(options.families(), Devices.parse(options.device()), options.precision());
        }
    }

    private static PipelinePart part(Path place, OpenedParts file, Map<String, @Nullable Object> scale) {
        PipelinePart part = file.find(PART)
                .orElseThrow(() -> Problem.failure("{vae} " + place + " holds no autoencoder, only "
                        + String.join(", ", file.parts().keySet())));
        Map<String, @Nullable Object> config = new LinkedHashMap<>(part.config());
        config.putAll(scale);
        return new PipelinePart(PART, part.library(), part.className(), config, part.weights());
    }

    /** @throws Problem (a wrong request) where its latents are not what the denoiser takes */
    static void check(Path place, SampleCodec codec, DiffusionModel model) {
        int factor = codec.scaleFactor();
        long channels = codec.shape(new SampleSize(factor, factor))[0];
        if (channels != model.sampleChannels()) {
            throw Problem.request("{vae} " + place + " does not fit this model: its latents have " + channels
                    + " channels, and the model's samples have " + model.sampleChannels());
        }
    }
}
