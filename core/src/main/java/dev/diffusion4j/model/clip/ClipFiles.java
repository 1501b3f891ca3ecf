// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.text.BpeVocabulary;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TextCleaning;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the files of a {@link Clip} and reads them. */
final class ClipFiles {
    static final String OPENAI_VOCABULARY = "bpe_simple_vocab_16e6.txt.gz";

    private static final String CONFIG = "config.json";
    private static final String OPEN_CLIP_CONFIG = "open_clip_config.json";
    private static final List<String> TRANSFORMERS_WEIGHTS = List.of(
            "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin");
    private static final List<String> OPEN_CLIP_WEIGHTS = List.of(
            "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin");

    private final Path place;
    private final Path folder;
    private final @Nullable ClipActivation wanted;

    ClipFiles(Path place, @Nullable ClipActivation wanted) {
        this.place = place;
        this.wanted = wanted;
        folder = Files.isDirectory(place)
                ? place
                : Objects.requireNonNull(place.toAbsolutePath().getParent());
    }

    Clip load() {
        if (!Files.exists(place)) {
            throw Problem.failure("there is no CLIP at " + place
                    + ": give a folder that transformers or OpenCLIP saved, or a checkpoint file of OpenCLIP");
        }
        try {
            if (!Files.isDirectory(place)) {
                return openClip(place);
            }
            Path weights = first(TRANSFORMERS_WEIGHTS);
            if (weights != null && Files.exists(folder.resolve(CONFIG))) {
                return transformers(weights);
            }
            Path open = first(OPEN_CLIP_WEIGHTS);
            if (open != null) {
                return openClip(open);
            }
            List<Path> others = WeightFiles.files(folder);
            if (Files.exists(folder.resolve(OPEN_CLIP_CONFIG)) && others.size() == 1) {
                return openClip(others.get(0));
            }
        } catch (java.io.IOException e) {
            throw Problem.failure("cannot read " + place + ": " + dev.diffusion4j.base.AtomicFile.reason(e), e);
        } catch (IllegalArgumentException e) {
            throw Problem.failure(place + ": " + Worded.marked(e), e);
        }
        throw Problem.failure(place + " holds no CLIP: " + CONFIG + " with " + TRANSFORMERS_WEIGHTS.get(1) + ", or "
                + OPEN_CLIP_CONFIG + " with " + OPEN_CLIP_WEIGHTS.get(0) + " was expected, found "
                + WeightFiles.listing(folder));
    }

    private @Nullable Path first(List<String> names) {
        return names.stream()
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
    }

    private Clip transformers(Path file) {
        Map<String, @Nullable Object> config = Json.readObject(folder.resolve(CONFIG));
        Object type = config.get("model_type");
        if (!"clip".equals(type)) {
            throw Problem.failure(folder.resolve(CONFIG) + " describes a network of the type " + Json.describe(type)
                    + ", but \"clip\" was expected");
        }
        ClipModel model = ClipModel.fromConfig(config);
        if (wanted != null) {
            ClipConfig typed = model.typedConfig();
            model.close();
            model = new ClipModel(new ClipConfig(
                    typed.textConfig().withActivation(wanted),
                    typed.visionConfig().withActivation(wanted),
                    typed.projectionDim(),
                    typed.logitScaleInitValue(),
                    typed.initializerFactor()));
        }
        try (WeightSource weights = ClipWeights.ofTransformers(WeightFiles.openIndexOrFile(file))) {
            return loaded(
                    model,
                    weights,
                    preprocessor("preprocessor_config.json", "image_mean", "image_std"),
                    TextCleaning.TRANSFORMERS);
        }
    }

    private Clip openClip(Path file) {
        Path configFile = folder.resolve(OPEN_CLIP_CONFIG);
        Map<String, @Nullable Object> whole = Files.exists(configFile) ? Json.readObject(configFile) : Map.of();
        Map<String, @Nullable Object> config =
                whole.get("model_cfg") instanceof Map<?, ?> map ? Json.object(map) : whole;
        try (WeightSource opened = unwrapped(WeightFiles.openIndexOrFile(file))) {
            WeightSource weights = ClipWeights.ofOpenClip(opened);
            ClipActivation activation = activation(opened, config, file);
            ClipModel model = new ClipModel(OpenClipConfig.of(weights, config, activation));
            return loaded(model, weights, whole.get("preprocess_cfg"), TextCleaning.OPEN_CLIP);
        }
    }

    /** A training checkpoint has more in it than the weights, and a data-parallel one has them under another name. */
    private static WeightSource unwrapped(WeightSource file) {
        WeightSource found = file;
        for (String prefix : List.of("state_dict", "module")) {
            if (found.tensors().keySet().stream().anyMatch(name -> name.startsWith(prefix + "."))) {
                found = found.under(prefix);
            }
        }
        return found;
    }

    /** OpenAI's own files hold the sizes as tensors, and theirs is QuickGELU; OpenCLIP's config says it where it is so. */
    private ClipActivation activation(WeightSource weights, Map<String, @Nullable Object> config, Path file) {
        if (wanted != null) {
            return wanted;
        }
        if (!config.isEmpty()) {
            return Boolean.TRUE.equals(config.get("quick_gelu")) ? ClipActivation.QUICK_GELU : ClipActivation.GELU;
        }
        String path = file.toString().toLowerCase(Locale.ROOT);
        if (weights.tensors().containsKey("input_resolution")
                || Stream.of("openai", "quickgelu").anyMatch(path::contains)) {
            return ClipActivation.QUICK_GELU;
        }
        throw Problem.request(file + " does not say which activation its network was trained with, and there is no "
                + OPEN_CLIP_CONFIG
                + " beside it: give {clipActivation} quick_gelu for OpenAI's weights, or gelu for most others");
    }

    private @Nullable Object preprocessor(String name, String mean, String deviation) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            return null;
        }
        Map<String, @Nullable Object> json = Json.readObject(file);
        Map<String, @Nullable Object> own = new java.util.LinkedHashMap<>();
        own.put("mean", json.get(mean));
        own.put("std", json.get(deviation));
        return own;
    }

    private Clip loaded(ClipModel model, WeightSource weights, @Nullable Object preprocessing, TextCleaning reference) {
        try {
            WeightLoader.load(weights, model.stateDict(), name -> name);
            model.requiresGrad(false);
            Map<?, ?> given = preprocessing instanceof Map<?, ?> map ? map : Map.of();
            ClipPictures pictures = new ClipPictures(
                    model.typedConfig().visionConfig().imageSize(),
                    numbers(given.get("mean"), ClipPictures.MEAN),
                    numbers(given.get("std"), ClipPictures.DEVIATION));
            return new Clip(new Clip.Origin(place, wanted), model, tokenizer(reference), pictures, reference);
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    private static List<Double> numbers(@Nullable Object value, List<Double> fallback) {
        if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
            return list.stream().map(number -> ((Number) number).doubleValue()).toList();
        }
        return fallback;
    }

    private @Nullable ClipTokenizer tokenizer(TextCleaning reference) {
        boolean split = Files.exists(folder.resolve("vocab.json")) && Files.exists(folder.resolve("merges.txt"));
        if (split || Files.exists(folder.resolve("tokenizer.json"))) {
            return new ClipTokenizer(BpeVocabulary.load(folder), reference);
        }
        Path openAi = folder.resolve(OPENAI_VOCABULARY);
        return Files.exists(openAi) ? new ClipTokenizer(BpeVocabulary.load(openAi), reference) : null;
    }
}
