// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.LearningWord;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.condition.TextualInversion;
import dev.diffusion4j.data.CacheMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.DataSourceKind;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.DataSpec;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.view.CaptionedDataset;
import dev.diffusion4j.data.view.EachCaption;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.ParameterGroup;
import dev.diffusion4j.trainer.TrainerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The data of a recipe: as it is, or the pictures of one thing with those of its kind. */
final class DreamBooth {
    /** The labels of both kinds. */
    private static final List<String> KINDS = List.of("instance", "class");

    private DreamBooth() {}

    /** @throws Problem (a wrong request) where the prompts, the batches, the measuring or the folder of class pictures cannot be */
    static void check(Recipe recipe, RunFolder run) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null) {
            return;
        }
        if (recipe.model().from() == null) {
            throw Problem.request("recipe " + recipe.name()
                    + " teaches a trained text-to-image model: name its folder with {model.from}=FOLDER");
        }
        config.problem().ifPresent(problem -> {
            throw Problem.request(problem);
        });
        if (config.learnsWord()
                && recipe.lora() == null
                && !RecipeParts.learning(recipe, null).isEmpty()) {
            throw Problem.request(
                    "dreambooth.word_learning_rate lets a word learn beside a text encoder that stays as it is,"
                            + " but training.groups lets all of "
                            + String.join(" and ", RecipeParts.learning(recipe, null))
                            + " learn: omit the one or the other");
        }
        if (config.leastStrength() < 1 && recipe.lora() == null) {
            throw Problem.request(
                    "dreambooth.least_strength is " + config.leastStrength()
                            + ", but without a LoRA there is nothing that could be seen at less than its strength: omit it, or take the recipe dreambooth-lora");
        }
        checkAllIsLearnt(recipe);
        if (config.hasPrior()) {
            int size = recipe.training().batchSize();
            if (size % 2 != 0) {
                throw Problem.request("training.batch_size is " + size
                        + ", but half of a batch shows the kind (dreambooth.prior_weight): give an even number");
            }
            ClassPictures.checkFolder(ClassPictures.folder(recipe, run));
        }
    }

    /** The pictures of one thing are too few to hold some of them back. */
    private static void checkAllIsLearnt(Recipe recipe) {
        String all =
                "recipe " + recipe.name() + " learns from all of the few pictures of its thing and holds none back: ";
        if (recipe.validation() != null) {
            throw Problem.request(all + "omit the recipe's validation");
        }
        if (recipe.data().validationShare() > 0) {
            throw Problem.request(all + "data.validation_share is "
                    + recipe.data().validationShare() + ", set {data.validation_share}=0");
        }
    }

    /** @throws Problem (a wrong request) where the base of a recipe draws no prompts */
    static void checkBase(Recipe recipe, Model model, @Nullable Conditioner conditioner) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config != null && (conditioner == null || conditioner.takes() != Subject.Kind.PROMPT)) {
            throw Problem.request("recipe " + recipe.name() + " teaches a text-to-image model, but "
                    + recipe.model().from() + " holds a " + model.modelClass().name()
                    + " that draws no prompts: name another {model.from}");
        }
        if (config != null && config.learnsWord() && learningWord(conditioner) == null) {
            throw Problem.request("dreambooth.word_learning_rate lets a word of the base's own text encoder learn, but"
                    + " another one is brought by a program: set {dreambooth.word_learning_rate}=0");
        }
    }

    /**
     * How many vectors the word has in a checkpoint, which holds them whatever they began as.
     *
     * @param checkpoint {@code null} for none
     * @return 0 where there is no checkpoint, or no word
     */
    static int wordVectors(Recipe recipe, ProcessGroup group, @Nullable Path checkpoint) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.learnsWord()) {
            return 0;
        }
        long own = checkpoint == null
                ? 0
                : Checkpoints.readShape(checkpoint, LearningWord.PART + ".rows")
                        .map(shape -> shape.get(0))
                        .orElse(0L);
        return Integer.parseInt(group.ofFirst(String.valueOf(own)));
    }

    /**
     * A network's parts, with the identifier as a word that learns where the recipe says so; they take the place of {@code parts}.
     *
     * @param vectors of {@link #wordVectors}
     */
    static PipelineParts withWord(PipelineParts parts, Recipe recipe, int vectors) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.learnsWord() || !(parts.conditioner() instanceof TextConditioner text)) {
            return parts;
        }
        String word = Objects.requireNonNull(config.identifier());
        try (TextualInversion before = vectors > 0 ? null : wordBefore(recipe.lora())) {
            if (vectors > 0) {
                return parts.withConditioner(text.withLearningWord(word, vectors));
            }
            return parts.withConditioner(
                    before != null && before.word().equals(word)
                            ? text.withLearningWord(before)
                            : text.withLearningWord(word));
        } catch (RuntimeException e) {
            parts.close();
            throw e;
        }
    }

    /** What was learnt with the adapter that a LoRA goes on from; {@code null} for none. */
    private static @Nullable TextualInversion wordBefore(@Nullable LoraConfig lora) {
        String from = lora == null ? null : lora.from();
        return from == null
                ? null
                : LoraPlace.word(Path.of(from), HubProgress.SILENT)
                        .map(TextualInversion::read)
                        .orElse(null);
    }

    /** The word that learns; {@code null} for none. */
    static @Nullable LearningWord learningWord(@Nullable Conditioner conditioner) {
        return conditioner instanceof TextConditioner text ? text.learningWord() : null;
    }

    /** How the networks of a recipe learn, and the word. */
    static TrainerConfig training(Recipe recipe) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.learnsWord()) {
            return recipe.training();
        }
        Map<String, ParameterGroup> groups =
                new LinkedHashMap<>(recipe.training().groups());
        groups.put(LearningWord.PART, new ParameterGroup(config.wordLearningRate(), null));
        return recipe.training().with(training -> training.groups = groups);
    }

    /** What a run learns from, without the pictures of the kind, which may not be drawn yet; the caller closes it. */
    static TrainingData openFirst(Recipe recipe, RunParts parts) {
        DreamBoothConfig config = recipe.dreambooth();
        return config == null
                ? parts.open(readBy(recipe))
                : TrainingData.of(recipe.data(), instance(recipe, config, parts));
    }

    /** What is read once is not kept for a second time. */
    private static DataConfig readBy(Recipe recipe) {
        DataConfig data = recipe.data();
        boolean once = recipe.training().epochs() == 1 && data.repeat() <= 1;
        return once && data.cache() == CacheMode.AUTO ? data.with(d -> d.cache = CacheMode.NONE) : data;
    }

    /** What a run learns from; the caller closes it. */
    static TrainingData open(Recipe recipe, RunFolder run, RunParts parts) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.hasPrior()) {
            return openFirst(recipe, parts);
        }
        Dataset instance = instance(recipe, config, parts);
        try {
            ClassPictures pictures = new ClassPictures(recipe, config, wordings(config, instance), run, parts);
            return TrainingData.ofTwo(recipe.data(), instance, pictures.shown(KINDS, 1));
        } catch (Throwable e) {
            instance.close();
            throw e;
        }
    }

    /**
     * Looks at the pictures of the kind, as far as they are there, and whether the others can be drawn.
     *
     * @param codec beside the base, borrowed; {@code null} for pixels
     * @throws Problem (a wrong request) where another model than the recipe's drew some, they lie among the pictures of the thing, or nothing says what
     *     they show; (a failure) where there is no room for them
     */
    static void checkPictures(Recipe recipe, RunFolder run, RunParts parts, @Nullable SampleCodec codec) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config != null && config.hasPrior()) {
            checkApart(recipe, ClassPictures.folder(recipe, run));
            classPictures(recipe, config, run, parts).check(codec);
        }
    }

    /** Folders are read with those in them, so that what lies in both would be learnt as both. */
    private static void checkApart(Recipe recipe, Path pictures) {
        String source = recipe.data().source();
        if (RunParts.isBrought(source) || DataSpec.parse(source).kind() != DataSourceKind.FOLDER) {
            return;
        }
        Path things = DataSources.place(source).orElseThrow();
        Path kind = real(pictures);
        Path thing = real(things);
        if (kind.startsWith(thing) || thing.startsWith(kind)) {
            throw Problem.request("the class pictures in " + pictures + " and the pictures of the thing in " + things
                    + " lie in one folder, where the ones would be taken for the others: name a folder beside it with"
                    + " {dreambooth.class_pictures}");
        }
    }

    /** Without links, as far as it is there. */
    private static Path real(Path path) {
        Path whole = path.toAbsolutePath().normalize();
        Path there = whole;
        while (there != null && !Files.exists(there)) {
            there = there.getParent();
        }
        try {
            return there == null ? whole : there.toRealPath().resolve(there.relativize(whole));
        } catch (IOException e) {
            return whole; // whoever reads it says what is wrong with it
        }
    }

    /** @throws Problem (a wrong request) where the text encoder does not read whole what pictures of the kind show */
    static void checkTexts(Recipe recipe, RunFolder run, RunParts parts, @Nullable Conditioner conditioner) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config != null && config.hasPrior() && conditioner instanceof TextConditioner) {
            classPictures(recipe, config, run, parts).checkTexts(text -> conditioner.unread(Subject.ofPrompt(text)));
        }
    }

    /** The pictures of the kind, drawn or not yet. */
    static ClassPictures classPictures(Recipe recipe, DreamBoothConfig config, RunFolder run, RunParts parts) {
        if (config.classWords().isEmpty()) {
            return new ClassPictures(recipe, config, List.of(), run, parts);
        }
        try (Dataset instance = instance(recipe, config, parts)) {
            return new ClassPictures(recipe, config, wordings(config, instance), run, parts);
        }
    }

    /** What the thing is shown under, as far as prompts of its kind are made of it. */
    private static List<String> wordings(DreamBoothConfig config, Dataset data) {
        if (config.classWords().isEmpty()) {
            return List.of();
        }
        return IntStream.range(0, data.size())
                .mapToObj(index -> Objects.requireNonNull(data.caption(index)))
                .toList();
    }

    private static Dataset instance(Recipe recipe, DreamBoothConfig config, RunParts parts) {
        Dataset source = parts.openSource(recipe.data());
        Dataset shown = config.ownCaptions() ? EachCaption.of(source) : source;
        return new CaptionedDataset(
                shown, KINDS, 0, index -> config.shownUnder(shown.caption(index), shown.name(index)));
    }
}
