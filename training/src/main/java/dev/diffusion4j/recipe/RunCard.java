// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.ModelCard;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.trainer.TrainerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The card of a trained model: {@code README.md} beside its {@code model_index.json}, with its pictures. */
final class RunCard {
    private static final String CARD = "README.md";
    private static final String SAMPLES = "samples.png";
    private static final String CURVE = "loss.png";
    /** Data sets that the Hub has too, by our names of them. */
    private static final Map<String, String> OF_THE_HUB = Map.of(
            "mnist",
            "ylecun/mnist",
            "fashion_mnist",
            "zalando-datasets/fashion_mnist",
            "flowers102",
            "nelorth/oxford-flowers");

    private static final Pattern OWN_DATA = Pattern.compile("^(folder|idx|java|parquet):");
    private static final Pattern HUB_DATA = Pattern.compile("^hf:([^@:]+)");

    private final Recipe recipe;
    private final Model model;
    private final RunFolder run;

    RunCard(Recipe recipe, Model model, RunFolder run) {
        this.recipe = recipe;
        this.model = model;
        this.run = run;
    }

    /** What an earlier save's readers wrote; empty where there is none. */
    static String read(Path target) {
        Path card = target.resolve(CARD);
        try {
            return Files.isRegularFile(card) ? Files.readString(card) : "";
        } catch (IOException e) {
            throw Problem.failure("cannot read " + card + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Writes the card, with the newest sample grid and the curve as far as they are there.
     *
     * @param target a model folder
     * @param older what {@link #read} gave before it was written
     */
    void write(Path target, String older) {
        try {
            Optional<Path> samples = newestSamples();
            if (samples.isPresent()) {
                copy(samples.get(), target.resolve(SAMPLES));
            }
            if (Files.exists(run.lossPlot())) {
                copy(run.lossPlot(), target.resolve(CURVE));
            }
            AtomicFile.write(target.resolve(CARD), card(target).over(older));
        } catch (IOException e) {
            throw Problem.failure("cannot write the model card in " + target + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void copy(Path from, Path to) {
        AtomicFile.write(to, out -> Files.copy(from, out));
    }

    private Optional<Path> newestSamples() throws IOException {
        if (Files.exists(run.finalPicture())) {
            return Optional.of(run.finalPicture());
        }
        Path folder = java.util.Objects.requireNonNull(run.samples(0).getParent());
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".png"))
                    .sorted()
                    .reduce((first, second) -> second);
        }
    }

    private ModelCard card(Path target) {
        Map<String, Object> front = new TreeMap<>();
        boolean isPlain = recipe.model().conditioner() == null && recipe.model().codec() == null;
        boolean isDiffusers = model.modelClass().isDiffusers() && recipe.lora() == null && isPlain;
        front.put("library_name", library(isDiffusers));
        List<String> tags = new ArrayList<>(List.of("diffusion4j"));
        if (recipe.lora() != null) {
            tags.add("lora");
        }
        DreamBoothConfig dreambooth = recipe.dreambooth();
        if (dreambooth != null) {
            tags.add("dreambooth");
            front.put("instance_prompt", dreambooth.prompt());
        }
        base().ifPresent(repo -> {
            front.put("base_model", repo.id());
            front.put("base_model_relation", recipe.lora() == null ? "finetune" : "adapter");
        });
        tagKind(tags, front);
        front.put("tags", tags);
        dataset().ifPresent(id -> front.put("datasets", List.of(id)));
        Map<String, String> sections = new LinkedHashMap<>();
        sections.put("what", what(target));
        sections.put("training", training(target));
        if (model instanceof DiffusionModel denoiser) {
            sections.put("use", recipe.lora() == null ? use(denoiser, isDiffusers) : useOfLora());
        } else if (model instanceof ClipModel) {
            sections.put("use", CardText.of("use-clip", Map.of("place", ModelCard.PLACE)));
        }
        return new ModelCard(front, sections);
    }

    /** Adds what the Hub sorts models by. */
    private void tagKind(List<String> tags, Map<String, Object> front) {
        if (model instanceof DiffusionModel denoiser) {
            tags.add("diffusion");
            tag(denoiser).ifPresent(tag -> {
                front.put("pipeline_tag", tag);
                tags.add(tag);
            });
            if (denoiser.classInput() == ClassInput.COUNTED) {
                tags.add("class-conditional");
            }
        }
        if (model instanceof ClipModel) {
            tags.add("clip");
            front.put("pipeline_tag", "zero-shot-image-classification");
        }
    }

    /** What reads the folder. */
    private String library(boolean isDiffusers) {
        boolean isLora = recipe.lora() != null;
        if (isDiffusers || isLora && model instanceof UNet2DConditionModel) {
            return "diffusers";
        }
        return isLora ? "peft" : model instanceof ClipModel ? "transformers" : "diffusion4j";
    }

    /** The Hub's name for the task; it has none for drawing by class. */
    private static Optional<String> tag(DiffusionModel denoiser) {
        if (denoiser instanceof UNet2DConditionModel) {
            return Optional.of("text-to-image");
        }
        return switch (denoiser.classInput()) {
            case NONE -> Optional.of("unconditional-image-generation");
            case WORDS -> Optional.of("text-to-image");
            case COUNTED, ANY_NUMBER, VECTOR -> Optional.empty();
        };
    }

    /** Without those of a LoRA. */
    private long baseParameters() {
        long own = recipe.lora() == null
                ? 0
                : Lora.weights(model).values().stream().mapToLong(Tensor::numel).sum();
        return model.parameterCount() - own;
    }

    /** The repository that the network came from. */
    private Optional<HubRepo> base() {
        String from = recipe.model().from();
        return from == null ? Optional.empty() : PipelinePlace.repository(Path.of(from));
    }

    /** What the Hub calls the data. */
    private Optional<String> dataset() {
        String source = source();
        Matcher hub = HUB_DATA.matcher(source);
        return hub.find()
                ? Optional.of(hub.group(1))
                : Optional.ofNullable(OF_THE_HUB.get(source.replaceFirst(":.*", "")));
    }

    /** Without a path of this machine. */
    private String source() {
        String source = recipe.data().source();
        return OWN_DATA.matcher(source).find() ? "own pictures" : source;
    }

    private String what(Path target) {
        DataConfig data = recipe.data();
        LoraConfig lora = recipe.lora();
        String article = model.modelClass().name().startsWith("A") ? "An" : "A";
        String made = (lora == null ? article : "A LoRA of rank " + lora.rank() + " for a") + " `"
                + model.modelClass().name() + "` of "
                + String.format(Locale.ROOT, "%,d", baseParameters()) + " parameters"
                + base().map(repo -> ", begun from [" + repo.id() + "](https://huggingface.co/" + repo.id()
                                + ") (revision `" + repo.revision() + "`)")
                        .orElse("");
        String summary = recipe.summary().replaceFirst(";.*", "");
        String text = "# " + recipe.name() + "\n\n" + (summary.isBlank() ? "" : summary + ".\n\n") + made
                + ", trained on " + source() + (data.imageSize() == 0 ? "" : " at " + data.imageSize() + " px") + ".";
        return Files.exists(target.resolve(SAMPLES)) ? text + "\n\n![Samples](" + SAMPLES + ")" : text;
    }

    private String training(Path target) {
        TrainerConfig training = recipe.training();
        StringBuilder text =
                new StringBuilder("## How it was trained\n\nRecipe `" + recipe.name() + "` of diffusion4j: ");
        text.append(training.optimizer().name().key())
                .append(", learning rate ")
                .append(training.optimizer().learningRate())
                .append(", batches of ")
                .append(training.batchSize())
                .append(training.ema() == null ? "" : ", averaged weights")
                .append(", seed ")
                .append(training.seed())
                .append(".\n");
        List<Map<String, @Nullable Object>> epochs = epochs();
        if (!epochs.isEmpty()) {
            boolean hasKid = epochs.stream().anyMatch(line -> line.get("val_kid") instanceof Double);
            text.append("\n| epoch | updates | mean loss |" + (hasKid ? " KID |" : "") + "\n|---|---|---|"
                    + (hasKid ? "---|" : "") + "\n");
            int every = Math.max(1, epochs.size() / 10);
            for (int i = 0; i < epochs.size(); i++) {
                if ((epochs.size() - 1 - i) % every == 0) {
                    Map<String, @Nullable Object> line = epochs.get(i);
                    text.append(String.format(
                            Locale.ROOT,
                            "| %d | %s | %.4f |" + (hasKid ? " " + kid(line) + " |" : "") + "\n",
                            i + 1,
                            line.get("step"),
                            ((Number) java.util.Objects.requireNonNull(line.get("epoch_mean_loss"))).doubleValue()));
                }
            }
        }
        if (Files.exists(target.resolve(CURVE))) {
            text.append("\n![Loss](" + CURVE + ")\n");
        }
        return text.toString();
    }

    private static String kid(Map<String, @Nullable Object> line) {
        return line.get("val_kid") instanceof Double value ? String.format(Locale.ROOT, "%.4g", value) : "–";
    }

    private List<Map<String, @Nullable Object>> epochs() {
        return Files.exists(run.metrics())
                ? JsonlTracker.read(run.metrics()).stream()
                        .filter(line -> line.get("epoch_mean_loss") instanceof Double)
                        .toList()
                : List.of();
    }

    private String useOfLora() {
        String base = base().map(HubRepo::id).orElse("FOLDER-OF-THE-BASE");
        Map<String, String> values = Map.of("base", base, "place", ModelCard.PLACE);
        if (!(model instanceof UNet2DConditionModel)) {
            return CardText.of("use-lora", values);
        }
        Map<String, String> more = with(values, "prompt", prompt());
        return CardText.of("use-lora-text", more) + useOfWord("use-lora-word", more);
    }

    /** Empty where no word learnt. */
    private String useOfWord(String piece, Map<String, String> values) {
        DreamBoothConfig dreambooth = recipe.dreambooth();
        return dreambooth != null && dreambooth.learnsWord()
                ? CardText.of(piece, with(values, "word", String.valueOf(dreambooth.identifier())))
                : "";
    }

    /** What the network was taught, or was shown on the way. */
    private String prompt() {
        DreamBoothConfig dreambooth = recipe.dreambooth();
        List<String> shown = recipe.samples().prompts();
        return dreambooth != null ? dreambooth.prompt() : shown.isEmpty() ? "PROMPT" : shown.get(0);
    }

    private static Map<String, String> with(Map<String, String> values, String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(values);
        more.put(key, value);
        return more;
    }

    private String use(DiffusionModel denoiser, boolean isDiffusers) {
        Map<String, String> place = Map.of("place", ModelCard.PLACE);
        if (denoiser instanceof UNet2DConditionModel) {
            Map<String, String> values = with(place, "prompt", prompt());
            return CardText.of("use-text", values) + useOfWord("use-word", values);
        }
        if (denoiser.numClasses() > 0) {
            return CardText.of("use-classes", place);
        }
        return CardText.of("use", place) + (isDiffusers ? CardText.of("use-diffusers", place) : "");
    }
}
