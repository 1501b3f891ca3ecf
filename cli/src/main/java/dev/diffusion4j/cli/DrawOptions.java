// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SubjectSelection;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.DrawingNeed;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What all commands that draw have in common: which pictures, and on what. */
final class DrawOptions {
    @Option(
            names = "--config",
            paramLabel = "DIR",
            description =
                    "For a model of one file: a folder in diffusers' form whose configs and tokenizers count, and whose parts fill in.")
    @Nullable
    Path config;

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
            description =
                    "Share of fresh noise in each step, 0 to 1: with ddim, 1 is as much as ddpm; with tcd, 1 is fresh noise alone; also "
                            + "for continuous-cosine. Default: ${DEFAULT-VALUE}.")
    double eta;

    @Option(
            names = "--device",
            paramLabel = "D",
            defaultValue = "cpu",
            description = "cpu, cuda, cuda:N or auto (cuda where there is one); default: ${DEFAULT-VALUE}.")
    String device = "cpu";

    @Option(
            names = "--dtype",
            paramLabel = "T",
            defaultValue = "f32",
            completionCandidates = Choices.Precisions.class,
            description =
                    "What is computed in: f32 (the pictures that diffusers draws), bf16, or auto (bf16 where it is "
                            + "clearly faster); default: ${DEFAULT-VALUE}.")
    String dtype = "f32";

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "16",
            description =
                    "Pictures drawn together: fewer need less memory; the pictures are the same. Default: ${DEFAULT-VALUE}.")
    int batch;

    @Mixin
    LoraOptions adapters = new LoraOptions();

    @Mixin
    PromptOptions words = new PromptOptions();

    /**
     * The pipeline of a model folder, of a run's, or of the Hub; the caller closes it.
     *
     * @param err receives a line for each adapter
     */
    DiffusionPipeline load(Path folder, PrintWriter err) {
        DiffusionPipeline loaded = DiffusionPipeline.load(folder(folder, null), loadOptions(null));
        try {
            LoraOptions.report(loaded.lorasApplied(), err);
            return loaded;
        } catch (Throwable e) {
            loaded.close();
            throw e;
        }
    }

    /** Where the model is; a terminal shows what is fetched. */
    static Path folder(Path place, @Nullable String variant) {
        try (HubLine line = new HubLine()) {
            return ModelFolders.modelOf(place, variant, line);
        }
    }

    /** @param variant of the files of weights, or {@code null} */
    LoadOptions loadOptions(@Nullable String variant) {
        return new LoadOptions(device, Keyed.fromKey(Precision.class, dtype, "--dtype"), variant, adapters.choices())
                .withConfig(config);
    }

    /** Pictures, of each class where there are several. */
    int each(int defaultCount) {
        return Check.positive(count == null ? defaultCount : count, "--count");
    }

    /** Without what only the model knows: count, eta and batch, checked. */
    GenerationRequest asked(int defaultCount) {
        int each = each(defaultCount);
        DrawingNeed.checkCount(each);
        return GenerationRequest.of(r -> r.count(each).eta(eta).batchSize(batch));
    }

    /** What pictures show; of all classes where none is named and {@code all} says so. */
    SubjectSelection subject(int defaultCount, boolean all) {
        String text = label == null && words.isEmpty() && all ? "all" : label;
        boolean isAll = text != null && text.equalsIgnoreCase("all");
        return new SubjectSelection(
                isAll, text == null || isAll ? null : classNumber(text), words.selection(), each(defaultCount));
    }

    private static Integer classNumber(String text) {
        try {
            return Integer.valueOf(text);
        } catch (NumberFormatException e) {
            throw Problem.request("{classes} must be a whole number or 'all', but was '" + text + "'");
        }
    }

    /** With classes and all else but scheduler, steps, seed and guidance; a prompt's end that is not read is reported on {@code err}. */
    GenerationRequest request(DiffusionPipeline pipeline, int defaultCount, PrintWriter err) {
        return subject(defaultCount, false).in(pipeline, asked(defaultCount), line -> err.println("diffuse: " + line));
    }
}
