// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.folder.WeightsHash;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.WeightMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The trained network in a pipeline folder that a recipe starts from: {@code model.from}. */
final class Pretrained {
    private final String place;
    private final PipelineFolder folder;
    private final ComponentNetwork network;
    private final Map<String, @Nullable Object> config;
    private final Optional<SampleSize> size;
    private final int channels;

    private Pretrained(String place, PipelineFolder folder) {
        this.place = place;
        this.folder = folder;
        this.network = network(folder);
        try (Model model = WeightMemory.shapesOnly(network::create)) {
            config = model.config();
            boolean isDenoiser = model instanceof DiffusionModel;
            size = isDenoiser ? ((DiffusionModel) model).sampleSize() : Optional.empty();
            channels = isDenoiser ? ((DiffusionModel) model).sampleChannels() : 0;
        }
    }

    /** The denoiser without what stands beside it, or the one network. */
    private static ComponentNetwork network(PipelineFolder folder) {
        return folder.networkBeside(folder.companions().keySet());
    }

    /**
     * The folder of {@code model.from}; fetched where it is a repository of the Hub.
     *
     * @throws Problem where the folder is not there or no pipeline folder
     */
    static PipelineFolder folder(String from, ModelFamilies families) {
        Path path = fetched(from);
        if (!Files.isDirectory(path)) {
            throw Problem.failure(
                    "model.from: there is no folder " + path + "; name a model folder, such as that of a finished run");
        }
        return PipelineFolder.open(path, families);
    }

    private static String hash(ComponentNetwork network) {
        return new WeightsHash(network.component().folder(), List.of()).get();
    }

    /**
     * Looks into a folder, fetched from the Hub where {@code from} is one of its repositories.
     *
     * @throws Problem where the folder is not there or no pipeline folder
     */
    static Pretrained open(String from, ModelFamilies families) {
        Optional<HubRepo> repo = PipelinePlace.repository(Path.of(from));
        PipelineFolder folder = folder(from, families);
        Path path = fetched(from);
        String commit = String.valueOf(path.getFileName()); // in the Hub's cache a folder is named by its commit
        String place = repo.map(present -> present.at(commit).toString()).orElseGet(path::toString);
        return new Pretrained(place, folder);
    }

    private static Path fetched(String from) {
        return PipelinePlace.folder(Path.of(from), null, HubProgress.SILENT)
                .toAbsolutePath()
                .normalize();
    }

    ModelFamily family() {
        return network.family();
    }

    /** @throws Problem (a wrong request) where a recipe of text to image is given a base of another kind */
    void checkKind(Recipe recipe) {
        String kind = recipe.model().kind();
        if (kind.equals(UNet2DConditionModel.FAMILY.name()) && !family().name().equals(kind)) {
            throw Problem.request("recipe " + recipe.name() + " trains a text-to-image model (" + kind + "), but "
                    + place + " holds a " + family().name()
                    + ": name the folder of a text-to-image model with {model.from}");
        }
    }

    /** An absolute path, or a repository with its commit. */
    String place() {
        return place;
    }

    /** Of the samples that it denoises; empty where its config names none. */
    Optional<SampleSize> size() {
        return size;
    }

    String weightsSha256() {
        return hash(network);
    }

    Scheduler scheduler() {
        return folder.readScheduler();
    }

    /** The network's config with other values laid over it. */
    Map<String, @Nullable Object> config(Map<String, @Nullable Object> above) {
        return overlaid(config, above);
    }

    private static Map<String, @Nullable Object> overlaid(
            Map<String, @Nullable Object> below, Map<String, @Nullable Object> above) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>(below);
        above.forEach((key, value) -> all.put(
                key,
                value instanceof Map<?, ?> inner && all.get(key) instanceof Map<?, ?> old
                        ? overlaid(Json.object(old), Json.object(inner))
                        : value));
        return all;
    }

    /**
     * Gives the pictures the network's size and channels where the recipe leaves them open.
     *
     * @param codec between the pictures and the network's samples; {@code null} for pixels
     */
    void fit(DataConfig.Draft data, @Nullable SampleCodec codec) {
        int factor = codec == null ? 1 : codec.scaleFactor();
        int needed = codec == null ? channels : codec.pictureChannels();
        if (data.imageSize == 0) {
            size.filter(known -> known.height() == known.width())
                    .ifPresent(known -> data.imageSize = known.height() * factor);
        }
        if (data.channels == ChannelMode.AUTO && needed == 1) {
            data.channels = ChannelMode.GREY;
        } else if (data.channels == ChannelMode.AUTO && needed == 3) {
            data.channels = ChannelMode.RGB;
        }
    }

    /**
     * Fills a network that was made of {@code spec.config()} with the folder's weights.
     *
     * @throws Problem where the folder is gone, or its weights do not fit or are others than when the run was set up
     */
    static void fill(Model model, ModelSpec spec, ModelFamilies families) {
        unchanged(spec, families).fill(model, null);
    }

    /**
     * The network that a run begins with, of which nothing was read.
     *
     * @throws Problem (a failure) where the folder is gone, or its weights are others than when the run was set up
     */
    static ComponentNetwork unchanged(ModelSpec spec, ModelFamilies families) {
        String from = Objects.requireNonNull(spec.from());
        Path path = fetched(from);
        if (!Files.isDirectory(path)) {
            throw Problem.failure(
                    "the run needs the network in " + from
                            + ", which it began with, and that is no longer there: put the folder back, or start anew with another {model.from}");
        }
        ComponentNetwork network = network(PipelineFolder.open(path, families));
        if (spec.fromSha256() != null && !spec.fromSha256().equals(hash(network))) {
            throw Problem.failure(
                    "the weights in " + from
                            + " are no longer those that the run was set up with: put them back, or start anew in another folder");
        }
        return network;
    }
}
