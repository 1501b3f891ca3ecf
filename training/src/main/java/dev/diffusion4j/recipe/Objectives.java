// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.objective.AutoencoderObjective;
import dev.diffusion4j.objective.ClassificationObjective;
import dev.diffusion4j.objective.ContrastiveObjective;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a recipe's network learns: the only place where an objective is chosen. */
final class Objectives {
    private Objectives() {}

    /**
     * @param model borrowed by the objective, as are the others
     * @param parts what a denoiser is trained with; {@code null} for another network
     * @param eye of an autoencoder's distance; {@code null} for none
     * @param tokenizer of a CLIP; {@code null} for another network
     * @param pictures their size
     * @param epochs of the whole run
     * @param dreambooth how pictures of a thing and of its kind count; {@code null} where all count alike
     */
    static Objective create(
            ObjectiveConfig config,
            Model model,
            Scheduler scheduler,
            @Nullable PipelineParts parts,
            @Nullable Classifier eye,
            @Nullable ClipTokenizer tokenizer,
            SampleSize pictures,
            int epochs,
            @Nullable DreamBoothConfig dreambooth) {
        if (model instanceof Classifier classifier) {
            return new ClassificationObjective(classifier);
        }
        if (model instanceof AutoencoderKl autoencoder) {
            return new AutoencoderObjective(autoencoder, config.autoencoder().settings(config.loss()), eye);
        }
        if (model instanceof ClipModel clip) {
            return new ContrastiveObjective(
                    clip, Objects.requireNonNull(tokenizer), ClipTokens.pictures(clip), config.hardNegatives());
        }
        DiffusionModel denoiser = (DiffusionModel) model;
        PipelineParts own = Objects.requireNonNull(parts);
        DenoisingSettings settings = new DenoisingSettings(
                config.loss(), config.lossWeighting(), config.contextDrop(), epochs, config.trackImageLoss());
        return new DenoisingObjective(
                denoiser,
                scheduler,
                own.conditioner().forCall(pictures, 0, PromptSyntax.PLAIN),
                own.codec(denoiser, scheduler),
                dreambooth == null
                        ? settings
                        : settings.withLabelWeights(dreambooth.labelWeights())
                                .withLeastStrengths(dreambooth.leastStrengths()));
    }

    /**
     * The classifier by whose eye an autoencoder's pictures are compared.
     *
     * @return without dropout, to be closed by the caller; {@code null} for none
     * @throws Problem (a wrong request) where it does not look at pictures of the data's size
     */
    static @Nullable Classifier openEye(ObjectiveConfig config, Model model, ModelFamilies families) {
        String folder = config.autoencoder().classifier();
        if (folder == null || !(model instanceof AutoencoderKl autoencoder)) {
            return null;
        }
        String key = "objective.autoencoder.classifier";
        Classifier eye = RecipeClassifier.open(key, Path.of(folder), families).network();
        int channels = autoencoder.typedConfig().outChannels();
        if (eye.inChannels() != channels) {
            eye.close();
            throw Problem.request(key + " looks at pictures of " + eye.inChannels()
                    + " channels, but the autoencoder makes " + channels + ": take a classifier of the same pictures");
        }
        eye.requiresGrad(false);
        return eye;
    }

    /**
     * Looks whether a network can learn as a recipe asks for.
     *
     * @param conditioner of a denoiser; {@code null} for another network
     * @throws Problem (a wrong request) where it cannot
     */
    static void check(Recipe recipe, Model model, @Nullable Conditioner conditioner) {
        if (!(model instanceof AutoencoderKl)
                && !recipe.objective().autoencoder().equals(AutoencoderConfig.DEFAULT)) {
            throw Problem.request("objective.autoencoder is for autoencoders, but the network is a "
                    + model.modelClass().name() + ": omit it");
        }
        ClipTokens.check(recipe, model);
        boolean canDrop = conditioner != null && conditioner.canDrop();
        if (recipe.objective().contextDrop().isActive() && !canDrop) {
            throw Problem.request(
                    "objective.context_drop drops classes, but a "
                            + model.modelClass().name()
                            + " cannot do without: omit it, or train a network that can, such as a LabUnet, a CrossAttentionUnet or a PatchedUnet");
        }
        double scale = recipe.samples().guidanceScale();
        if (scale != 1 && !canDrop) {
            throw Problem.request("samples.guidance_scale is " + scale + ", but a "
                    + model.modelClass().name() + " has no prediction without a class to guide away from: omit it");
        }
        DreamBooth.checkBase(recipe, model, conditioner);
        if (recipe.lora() != null
                && recipe.lora().textTargets().isEmpty()
                && conditioner != null
                && !conditioner.learning().isEmpty()) {
            throw Problem.request(
                    "recipe " + recipe.name() + " trains a LoRA, which is all that is saved, but the conditioner's "
                            + String.join(", ", conditioner.learning()) + " would learn besides: omit lora, or bring a"
                            + " conditioner that stays as it is");
        }
    }
}
