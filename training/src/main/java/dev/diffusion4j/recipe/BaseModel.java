// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.PartsReader;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The model that a run begins with, as it draws before anything learns: the network in {@code model.from} with the parts that the run has beside it. */
final class BaseModel {
    private BaseModel() {}

    /** One word for all its weights that are in files; {@code null} where the recipe was not set up. */
    static @Nullable String hash(ModelSpec spec) {
        String from = spec.fromSha256();
        return from == null ? null : Hashes.sha256(from + "\n" + new TreeMap<>(spec.partsSha256()));
    }

    /** @throws Problem (a failure) where a folder is gone, or weights are others than when the run was set up */
    static void check(Recipe recipe, RunParts parts) {
        Pretrained.unchanged(recipe.model(), parts.families());
        if (parts.isPlain()) {
            RecipeParts.ofRun(recipe.model(), parts.families());
        }
    }

    /**
     * The size of the pictures that it draws where none is asked for; empty where its config names none.
     *
     * @param codec beside it, borrowed; {@code null} for pixels
     */
    static Optional<SampleSize> pictureSize(Recipe recipe, RunParts parts, @Nullable SampleCodec codec) {
        int factor = codec == null ? 1 : codec.scaleFactor();
        return Pretrained.open(Objects.requireNonNull(recipe.model().from()), parts.families())
                .size()
                .map(sample -> new SampleSize(sample.height() * factor, sample.width() * factor));
    }

    /**
     * Loads what was {@linkplain #check checked}; the caller closes it.
     *
     * @param dtype of what is in files; what an application brings computes in f32, and the network with it
     */
    static DiffusionPipeline load(Recipe recipe, RunParts parts, String device, Precision dtype) {
        LoadOptions options = LoadOptions.DEFAULT
                .withDevice(device)
                .withPrecision(parts.isPlain() ? dtype : Precision.F32)
                .withFamilies(parts.families())
                .withParts(reader(recipe, parts));
        return DiffusionPipeline.load(
                Path.of(Objects.requireNonNull(recipe.model().from())), options);
    }

    private static PartsReader reader(Recipe recipe, RunParts parts) {
        if (!parts.isPlain()) {
            return new Brought(recipe, parts);
        }
        return recipe.model().parts().isEmpty()
                ? PartsReader.OWN
                : CompanionParts.reading(Objects.requireNonNull(RecipeParts.of(recipe.model(), parts.families())));
    }

    /** What an application brings, in place of the folder's own. */
    private record Brought(Recipe recipe, RunParts run) implements PartsReader {
        @Override
        public Set<String> parts() {
            return OWN.parts();
        }

        @Override
        public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
            PipelineParts brought = run.open(model, null, recipe);
            Device device = Devices.parse(options.device());
            if (!device.is_cpu()) {
                brought.networks().values().forEach(network -> network.convert(device, ScalarType.Float));
            }
            return brought;
        }
    }
}
