// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tracking.TrackerKind;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a recipe as it is written to one in which everything is decided, step by step: what the run's folder decides, what the
 * network decides that it starts from, what the data decides. Each step gets what the one before returned; nothing is written.
 */
final class Resolution {
    private static final Logger LOG = LoggerFactory.getLogger(Resolution.class);

    private final RunFolder folder;
    private final RunParts parts;
    private final ModelFactory networks;

    Resolution(RunFolder folder, RunParts parts) {
        this.folder = folder;
        this.parts = parts;
        this.networks = new ModelFactory(parts.families());
    }

    /** @throws Problem (a wrong request) where network, scheduler, data and folder do not suit each other */
    Recipe resolve(Recipe written) {
        LoraTraining.checkBase(written);
        DreamBooth.check(written, folder);
        written.trackers().forEach(TrackerKind::check);
        parts.checkNamed(written.model());
        Devices.parse(parts.device(written));
        try (SampleCodec brought = parts.openCodec()) {
            Recipe placed = RunPlaces.absolute(placed(written, brought));
            Companions beside = parts.isPlain() ? RecipeParts.of(placed.model(), networks.families()) : null;
            try (Model autoencoder = RecipeParts.autoencoder(beside)) {
                SampleCodec codec = brought != null ? brought : RecipeParts.codec(autoencoder);
                Recipe adopted = adopted(placed, beside, codec);
                DreamBooth.checkPictures(adopted, folder, parts, codec);
                DrawnPreviews.check(adopted, networks.family(adopted.model()));
                try (TrainingData data = DreamBooth.openFirst(adopted, parts);
                        TrainingData heldBack = Validation.heldBack(adopted, parts)) {
                    return fitted(adopted, beside, data, heldBack, codec);
                }
            }
        }
    }

    /** With the pictures and the codec of the application, the folder to save to, and an extractor that is there. */
    private Recipe placed(Recipe written, @Nullable SampleCodec codec) {
        return written.with(recipe -> {
            recipe.data.source = parts.source(written.data());
            recipe.model.codec = codec == null ? null : RunParts.named(codec);
            recipe.export.folder = Exports.located(written.export(), folder);
            recipe.validation = KidExtractor.measurable(written.validation());
        });
    }

    /** With what the network decides that it starts from; the recipe's own keys are laid over its config. */
    private Recipe adopted(Recipe placed, @Nullable Companions beside, @Nullable SampleCodec codec) {
        String from = placed.model().from();
        Boolean fromModel = placed.scheduler().fromModel();
        if (from == null) {
            if (Boolean.TRUE.equals(fromModel)) {
                throw Problem.request(
                        "recipe " + placed.name() + " takes the scheduler of the folder that it starts from:"
                                + " give {model.from}=FOLDER or {scheduler.from_model}=false");
            }
            return beside == null
                    ? placed
                    : placed.with(recipe -> {
                        RecipeParts.fit(recipe.data, codec);
                        completed(recipe, beside);
                    });
        }
        Pretrained base = Pretrained.open(from, networks.families());
        base.checkKind(placed);
        return placed.with(recipe -> {
            recipe.model.kind = base.family().name();
            recipe.model.config = base.config(placed.model().config());
            recipe.model.from = base.place();
            recipe.model.fromSha256 = base.weightsSha256();
            base.fit(recipe.data, codec);
            if (placed.scheduler().isOfModel() && base.family().isDenoiser()) {
                if (isOfAnother(placed.model(), base)) {
                    recipe.scheduler.config = Map.of(); // which was that base's
                }
                recipe.scheduler.take(base.scheduler());
            }
            if (beside != null) {
                completed(recipe, beside);
            }
        });
    }

    /** Whether a recipe was written down by a run that began with other weights. */
    private static boolean isOfAnother(ModelSpec recorded, Pretrained base) {
        return recorded.fromSha256() != null && !recorded.fromSha256().equals(base.weightsSha256());
    }

    /** With what the parts beside the network decide. */
    private static void completed(Recipe.Draft recipe, Companions beside) {
        recipe.model.partsSha256 = beside.hashes();
        Scheduler own = recipe.scheduler.done().create();
        Scheduler mended = CompanionParts.mended(beside, own);
        if (mended != own) {
            recipe.scheduler.mend(mended);
        }
    }

    /** With what the data decides, after the network was made once to see whether all suits each other. */
    private Recipe fitted(
            Recipe adopted,
            @Nullable Companions beside,
            TrainingData data,
            @Nullable TrainingData heldBack,
            @Nullable SampleCodec codec) {
        ModelSpec network = networks.fit(adopted, data, codec, RecipeParts.textFeatures(beside));
        try (Model model = networks.createEmpty(adopted, network);
                PipelineParts own =
                        model instanceof DiffusionModel denoiser ? parts.open(denoiser, beside, adopted) : null) {
            Conditioner conditioner = own == null ? null : own.conditioner();
            if (parts.isPlain()) {
                RecipeParts.checkText(model, beside, adopted.model());
            }
            Objectives.check(adopted, model, conditioner);
            networks.check(model, network, data, heldBack, codec);
            checkClasses(conditioner, data);
            LoraTraining.inject(model, adopted.lora(), adopted.training().seed())
                    .ifPresent(LOG::warn);
            LoraTraining.injectText(conditioner, adopted).forEach(LOG::warn);
            LatentCache.check(adopted, data, codec);
            StateCache.check(adopted, data, conditioner);
            TextCaptions.check(data.dataset(), conditioner); // last, since it reads them all
            DreamBooth.checkTexts(adopted, folder, parts, conditioner);
            ClipTokens.checkExchanged(adopted.objective(), data.dataset());
            String brought = conditioner == null || parts.conditioner() == null ? null : RunParts.named(conditioner);
            return adopted.with(recipe -> {
                recipe.model.config = network.config();
                recipe.model.conditioner = brought;
                recipe.scheduler.config = adopted.scheduler().fitted(adopted.data(), data);
                recipe.samples.prompts = prompts(adopted.samples(), data, conditioner);
            });
        }
    }

    /** @throws Problem where the network draws classes, but the data has none, or no number stands for one */
    private static void checkClasses(@Nullable Conditioner conditioner, TrainingData data) {
        if (conditioner == null || conditioner.takes() != Subject.Kind.CLASS) {
            return;
        }
        if (data.dataset().classNames().isEmpty()) {
            throw Problem.request(
                    "this network draws a class, but " + data.dataset().description()
                            + " has no classes: take data with a folder for each class, or another network");
        }
        conditioner.check(List.of(Subject.ofClass(0)), "class");
    }

    /** What previews show where the network takes words: the recipe's prompts, else the first captions that it can draw. */
    private static List<String> prompts(SamplesConfig samples, TrainingData data, @Nullable Conditioner conditioner) {
        if (conditioner == null || conditioner.takes() != Subject.Kind.PROMPT) {
            return samples.prompts();
        }
        if (!samples.prompts().isEmpty()) {
            conditioner.check(samples.prompts().stream().map(Subject::ofPrompt).toList(), "samples.prompts");
            return samples.prompts();
        }
        List<String> captions = CaptionWords.firstOf(data.dataset(), caption -> knows(conditioner, caption));
        if (captions.isEmpty() && samples.count() > 0) {
            throw Problem.request(data.dataset().description()
                    + " has no captions to draw while the network learns: set samples.prompts, or samples.count=0");
        }
        return captions;
    }

    private static boolean knows(Conditioner conditioner, String caption) {
        try {
            conditioner.check(List.of(Subject.ofPrompt(caption)), "prompt");
            return true;
        } catch (Problem e) {
            return false;
        }
    }
}
