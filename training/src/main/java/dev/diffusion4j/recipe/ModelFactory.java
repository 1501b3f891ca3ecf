// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.classconditioned.ClassConditionedConfig;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.pipeline.ChannelFit;
import dev.diffusion4j.tensor.RandomStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes a recipe's network, with sizes and channels that fit the data. */
final class ModelFactory {
    private ModelFactory() {}

    /** The spec with everything filled in that the data decides; a pretrained network takes the data's size too. */
    static ModelSpec fit(Recipe recipe, TrainingData data) {
        ModelSpec spec = recipe.model();
        int channels = data.transform().channels();
        int height = data.transform().height();
        int width = data.transform().width();
        Object size = height == width ? (Object) (long) height : List.of((long) height, (long) width);
        Map<String, @Nullable Object> config = new LinkedHashMap<>(spec.config());
        if (spec.from() != null) {
            nameClasses(spec, config, data);
            return spec.withConfig(resized(config, size));
        }
        switch (spec.kind()) {
            case UNET_2D -> {
                fitUnet(config, size, channels, channels);
                if (spec.classConditional()) {
                    config.putIfAbsent("num_class_embeds", classes(spec, data));
                }
            }
            case CLASS_CONDITIONED_UNET -> {
                config.putIfAbsent("num_classes", classes(spec, data));
                long extra = config.get("class_emb_size") instanceof Long given
                        ? given
                        : ClassConditionedConfig.DEFAULT.classEmbSize();
                Map<String, @Nullable Object> unet = config.get("unet") instanceof Map<?, ?> given
                        ? new LinkedHashMap<>(Json.object(given))
                        : new LinkedHashMap<>();
                fitUnet(unet, size, channels + extra, channels);
                config.put("unet", unet);
            }
            case CLIP, INCEPTION_V3 ->
                throw UserError.usage("a " + spec.kind().key() + " cannot be trained here, only used");
            case LAB_UNET -> {
                config.putIfAbsent("sample_size", size);
                config.putIfAbsent("in_channels", (long) channels);
                config.putIfAbsent("context_dim", classes(spec, data));
                config.putIfAbsent("num_train_timesteps", (long)
                        recipe.scheduler().create().numTrainTimesteps());
            }
            case CROSS_ATTENTION_UNET -> {
                config.putIfAbsent("sample_size", size);
                config.putIfAbsent("in_channels", (long) channels);
                if (config.get("max_tokens") instanceof Long tokens && tokens > 0) {
                    config.put("num_classes", 0L);
                    config.putIfAbsent("words", CaptionWords.of(data.dataset()));
                } else {
                    config.putIfAbsent("num_classes", classes(spec, data));
                }
            }
            case RESIDUAL_UNET, BASIC_UNET -> {
                config.putIfAbsent("sample_size", size);
                config.putIfAbsent("in_channels", (long) channels);
            }
            case CONV_CLASSIFIER -> {
                config.putIfAbsent("sample_size", size);
                config.putIfAbsent("in_channels", (long) channels);
                config.putIfAbsent("num_classes", classes(spec, data));
                nameClasses(spec, config, data);
            }
        }
        return spec.withConfig(config);
    }

    /** A classifier keeps the names of its classes, so that pictures in folders of the same names can be judged by it. */
    private static void nameClasses(ModelSpec spec, Map<String, @Nullable Object> config, TrainingData data) {
        List<String> names = data.dataset().classNames();
        if (spec.kind() == ModelKind.CONV_CLASSIFIER
                && config.get("num_classes") instanceof Long count
                && count == names.size()) {
            config.put("class_names", names);
        }
    }

    private static Map<String, @Nullable Object> resized(Map<String, @Nullable Object> config, Object size) {
        if (config.get("unet") instanceof Map<?, ?> inner) {
            Map<String, @Nullable Object> unet = new LinkedHashMap<>(Json.object(inner));
            unet.put("sample_size", size);
            config.put("unet", unet);
        } else {
            config.put("sample_size", size);
        }
        return config;
    }

    private static void fitUnet(Map<String, @Nullable Object> config, Object size, long in, long out) {
        config.putIfAbsent("sample_size", size);
        config.putIfAbsent("in_channels", in);
        config.putIfAbsent("out_channels", out);
    }

    private static long classes(ModelSpec spec, TrainingData data) {
        int classes = data.dataset().classNames().size();
        if (classes == 0) {
            throw UserError.usage(data.dataset().description() + " has no classes, but a "
                    + spec.kind().key()
                    + " of this recipe is told the class: use data with class folders, or a recipe without classes");
        }
        return classes;
    }

    /**
     * Makes the network once, with the weights that it starts from if any, before anything is written.
     *
     * @param heldBack what the network is measured on besides; {@code null} for nothing
     * @throws UserError where it cannot halve the size of the pictures, has other channels, knows other classes than the data has,
     *     learns classes and finds pictures without, or cannot learn what the objective says (exit code 2), or the weights do not
     *     fit it (exit code 1)
     */
    static void check(ModelSpec spec, Recipe recipe, TrainingData data, @Nullable TrainingData heldBack) {
        try (Model model = spec.kind().create(spec.config())) {
            Objectives.check(recipe.objective(), recipe.samples(), model);
            int known = 0;
            if (model instanceof DiffusionModel denoiser) {
                denoiser.sampleSize().ifPresent(denoiser::checkSize);
                ChannelFit.checkTraining(denoiser);
                checkChannels(denoiser.sampleChannels(), data);
                known = denoiser.numClasses();
            } else if (model instanceof ConvClassifier classifier) {
                known = classifier.numClasses();
            }
            checkClasses(spec, known, data);
            if (known > 0) {
                ClassLabels.check(data.dataset(), spec.kind().key());
            }
            if (known > 0 && heldBack != null) {
                ClassLabels.check(heldBack.dataset(), spec.kind().key());
            }
            if (spec.from() != null) {
                Pretrained.fill(model, spec);
            }
        }
    }

    private static void checkChannels(int known, TrainingData data) {
        int channels = data.transform().channels();
        if (known != channels) {
            throw UserError.usage("the network takes pictures of " + known + " channels, but those of "
                    + data.dataset().description() + " are prepared with " + channels + ": set data.channels to "
                    + (known == 1 ? "grey" : known == 3 ? "rgb" : "what fits, or take another network"));
        }
    }

    private static void checkClasses(ModelSpec spec, int known, TrainingData data) {
        int classes = data.dataset().classNames().size();
        if (known == 0 || known == classes) {
            return;
        }
        String has = data.dataset().description() + " has " + (classes == 0 ? "no" : classes) + " classes: ";
        if (spec.from() != null) {
            throw UserError.usage("the network in " + spec.from() + " knows " + known + " classes, but " + has
                    + "take data with " + known + " class folders, or another network");
        }
        String key =
                switch (spec.kind()) {
                    case UNET_2D -> "num_class_embeds";
                    case LAB_UNET -> "context_dim";
                    default -> "num_classes";
                };
        throw UserError.usage(
                "model.config." + key + " is " + known + ", but " + has + "leave it away, and the data decides");
    }

    /** A network with fresh weights, or with those that it starts from; the caller owns it. */
    static Model create(ModelSpec spec, long seed) {
        Model model = spec.kind().create(spec.config());
        try (RandomStream random = new RandomStream(seed)) {
            if (spec.from() != null) {
                Pretrained.fill(model, spec);
            } else {
                model.initialize(random);
            }
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** A network whose content comes from a checkpoint; the caller owns it. */
    static Model createEmpty(ModelSpec spec) {
        return spec.kind().create(spec.config());
    }

    /** Whether the family draws pictures. */
    static boolean isDenoiser(ModelSpec spec) {
        return spec.kind().drawsPictures();
    }
}
