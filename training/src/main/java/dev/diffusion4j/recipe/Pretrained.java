// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.pipeline.PipelineFolder;
import dev.diffusion4j.pipeline.PipelinePlace;
import dev.diffusion4j.scheduler.Scheduler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A recipe's start from the network in a pipeline folder: {@code model.from}. */
final class Pretrained {
    private Pretrained() {}

    /**
     * The recipe with all filled in that the folder decides: the network's family and config, with the recipe's own keys laid over
     * it, the hash of the weights, the scheduler where it is the folder's, and the size and channels of the pictures where the
     * data leaves them open. A recipe without {@code model.from} comes back as it is.
     *
     * @throws UserError where the folder is not there or no pipeline folder, or the recipe asks for a scheduler of no folder
     */
    static Recipe adopt(Recipe recipe, ModelFamilies families) {
        ModelSpec spec = recipe.model();
        if (spec.from() == null) {
            if (Boolean.TRUE.equals(recipe.scheduler().fromModel())) {
                throw UserError.usage(
                        "recipe " + recipe.name() + " takes the scheduler of the folder that it starts from:"
                                + " give {model.from}=FOLDER or {scheduler.from_model}=false");
            }
            return recipe;
        }
        Optional<HubRepo> repo = PipelinePlace.repository(Path.of(spec.from()));
        Path path = place(spec.from());
        PipelineFolder folder = open(path, families);
        Map<String, @Nullable Object> model = new LinkedHashMap<>();
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        try (Model network = folder.createModel()) {
            model.put("kind", network.modelClass().name());
            model.put("config", overlaid(network.config(), spec.config()));
            fitData(recipe.data(), network, data);
        }
        model.put(
                "from", repo.map(present -> present.at(nameOf(path)).toString()).orElseGet(path::toString));
        model.put("from_sha256", folder.weightsSha256());
        Recipe adopted = recipe.with("model", model).with("data", data);
        return folder.modelFamily().isDenoiser() ? withScheduler(adopted, folder) : adopted;
    }

    /** A folder on this machine, fetched from the Hub where {@code from} is one of its repositories. */
    private static Path place(String from) {
        return PipelinePlace.folder(Path.of(from), null, HubProgress.SILENT)
                .toAbsolutePath()
                .normalize();
    }

    /** In the Hub's cache a folder is named by its commit. */
    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }

    private static PipelineFolder open(Path path, ModelFamilies families) {
        if (!Files.isDirectory(path)) {
            throw UserError.failure(
                    "model.from: there is no folder " + path + "; name a model folder, such as that of a finished run");
        }
        return PipelineFolder.open(path, families);
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

    private static void fitData(DataConfig data, Model network, Map<String, @Nullable Object> into) {
        if (!(network instanceof DiffusionModel denoiser)) {
            return;
        }
        if (data.imageSize() == 0) {
            denoiser.sampleSize()
                    .filter(size -> size.height() == size.width())
                    .ifPresent(size -> into.put("image_size", size.height()));
        }
        if (data.channels() == ChannelMode.AUTO && denoiser.sampleChannels() == 1) {
            into.put("channels", ChannelMode.GREY.key());
        } else if (data.channels() == ChannelMode.AUTO && denoiser.sampleChannels() == 3) {
            into.put("channels", ChannelMode.RGB.key());
        }
    }

    private static Recipe withScheduler(Recipe recipe, PipelineFolder folder) {
        SchedulerSpec spec = recipe.scheduler();
        boolean wanted = spec.fromModel() == null ? spec.equals(SchedulerSpec.DEFAULT) : spec.fromModel();
        if (!wanted) {
            return recipe;
        }
        Scheduler scheduler = folder.readScheduler();
        return recipe.with("scheduler", Records.toMap(new SchedulerSpec(scheduler.kind(), scheduler.config(), true)));
    }

    /**
     * Fills a network that was made of {@code spec.config()} with the folder's weights.
     *
     * @throws UserError where the folder is gone, or its weights do not fit or are others than when the run was set up
     */
    static void fill(Model model, ModelSpec spec, ModelFamilies families) {
        String from = Objects.requireNonNull(spec.from());
        Path path = place(from);
        if (!Files.isDirectory(path)) {
            throw UserError.failure("the run has no checkpoint yet and begins with the network in " + from
                    + ", which is no longer there: put the folder back, or start anew with another {model.from}");
        }
        PipelineFolder folder = PipelineFolder.open(path, families);
        folder.readWeights(model, null);
        if (spec.fromSha256() != null && !spec.fromSha256().equals(folder.weightsSha256())) {
            throw UserError.failure(
                    "the weights in " + from
                            + " are no longer those that the run was set up with: put them back, or start anew in another folder");
        }
    }
}
