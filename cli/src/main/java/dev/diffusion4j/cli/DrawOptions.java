// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.tensor.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What commands that draw have in common, {@code sample} aside: which pictures, and on what. */
final class DrawOptions {
    @Option(names = "--count", paramLabel = "N", description = "How many pictures, with --class of each class.")
    @Nullable
    Integer count;

    @Option(
            names = "--class",
            paramLabel = "N|all",
            description =
                    "The class to draw, from 0; 'all' draws --count of each. Needed where the model knows classes.")
    @Nullable
    String label;

    @Option(
            names = "--eta",
            paramLabel = "X",
            defaultValue = "0",
            description = "With ddim, share of fresh noise in each step; default: ${DEFAULT-VALUE}.")
    double eta;

    @Option(
            names = "--device",
            paramLabel = "D",
            defaultValue = "cpu",
            description = "cpu, cuda, cuda:N or auto; default: ${DEFAULT-VALUE}.")
    String device = "cpu";

    @Option(
            names = "--dtype",
            paramLabel = "T",
            defaultValue = "f32",
            description = "What is computed in: f32, bf16 or auto; default: ${DEFAULT-VALUE}.")
    String dtype = "f32";

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description = "Pictures drawn together; default: ${DEFAULT-VALUE}.")
    int batch;

    @Mixin
    LoraOptions adapters = new LoraOptions();

    @Mixin
    PromptOptions words = new PromptOptions();

    /** The pipeline of a model folder or of a run's; the caller closes it. */
    DiffusionPipeline load(Path folder) {
        return DiffusionPipeline.load(
                ModelFolders.modelOf(folder),
                new LoadOptions(device, Keyed.fromKey(Precision.class, dtype, "--dtype"), null, adapters.choices()));
    }

    /** With classes and all else but scheduler, steps, seed and guidance. */
    GenerationRequest request(DiffusionPipeline pipeline, int defaultCount, PrintWriter err) {
        int each = Check.positive(count == null ? defaultCount : count, "--count");
        Check.positive(batch, "--batch");
        Check.notNegative(eta, "--eta");
        GenerationRequest request = GenerationRequest.DEFAULT
                .withCount(each)
                .withEta(eta)
                .withBatchSize(batch)
                .withOptionalClasses(ClassChoice.parse(label).of(pipeline, each));
        return words.apply(request, pipeline, each, err);
    }
}
