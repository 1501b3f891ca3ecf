// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.FitTarget;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.pipeline.ChannelFit;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Makes a recipe's network, with sizes and channels that fit the data. */
final class ModelFactory {
    private final ModelFamilies families;

    ModelFactory(ModelFamilies families) {
        this.families = families;
    }

    ModelFamilies families() {
        return families;
    }

    /** @throws Problem (a wrong request) naming the nearest one where there is no such family */
    ModelFamily family(ModelSpec spec) {
        return families.find(spec.kind())
                .orElseThrow(() -> Problem.request("model.kind: unknown value '" + spec.kind() + "'"
                        + Nearest.hint(spec.kind(), families.names()) + "; choose one of "
                        + String.join(", ", families.names())));
    }

    /**
     * The spec with everything filled in that the data decides; a pretrained network takes the data's size too.
     *
     * @param codec whose samples the network is to denoise, borrowed; {@code null} for pixels
     * @param textFeatures numbers of a prompt's token that it is given; 0 for none
     * @throws Problem (a wrong request) where the codec cannot encode the data's pictures
     */
    ModelSpec fit(Recipe recipe, TrainingData data, @Nullable SampleCodec codec, int textFeatures) {
        ModelSpec spec = recipe.model();
        ModelFamily family = family(spec);
        long[] sample = sampleShape(data, codec);
        FitTarget target = new FitTarget(
                data.dataset().description(),
                (int) sample[0],
                new SampleSize((int) sample[1], (int) sample[2]),
                data.dataset().classNames(),
                () -> CaptionWords.of(data.dataset()),
                () -> ClipTokens.of(spec, data.dataset()),
                textFeatures,
                family.isDenoiser() ? recipe.scheduler().create().numTrainTimesteps() : 0,
                spec.classConditional());
        Map<String, @Nullable Object> config =
                spec.from() == null ? family.fitted(spec.config(), target) : family.resized(spec.config(), target);
        return spec.with(changed -> changed.config = config);
    }

    /** Of the data's pictures, as they are prepared. */
    static SampleSize pictureSize(TrainingData data) {
        return new SampleSize(data.transform().height(), data.transform().width());
    }

    /** (C, H, W) of a sample of the data. */
    private static long[] sampleShape(TrainingData data, @Nullable SampleCodec codec) {
        int channels = data.transform().channels();
        SampleSize size = pictureSize(data);
        if (codec == null) {
            return new long[] {channels, size.height(), size.width()};
        }
        if (codec.pictureChannels() != channels) {
            throw Problem.request("the codec takes pictures of " + codec.pictureChannels() + " channels, but those of "
                    + data.dataset().description() + " are prepared with " + channels + ": set data.channels to "
                    + (codec.pictureChannels() == 1 ? "grey" : "rgb"));
        }
        int factor = codec.scaleFactor();
        if (size.height() % factor != 0 || size.width() % factor != 0) {
            throw Problem.request("the codec takes pictures whose width and height are multiples of " + factor
                    + ", but those of " + data.dataset().description() + " are prepared as " + size.text()
                    + ": set data.image_size");
        }
        return codec.shape(size);
    }

    /**
     * Looks, before anything is written, whether a network suits the data, and fills it with the weights that it starts from if any.
     *
     * @param heldBack what the network is measured on besides; {@code null} for nothing
     * @param codec whose samples the network denoises, borrowed; {@code null} for pixels
     * @throws Problem (a wrong request) where it cannot halve the size of the pictures, has other channels, knows other classes than
     *     the data has, or learns classes and finds pictures without; (a failure) where the weights do not fit it
     */
    void check(
            Model model,
            ModelSpec spec,
            TrainingData data,
            @Nullable TrainingData heldBack,
            @Nullable SampleCodec codec) {
        int known = 0;
        if (model instanceof DiffusionModel denoiser) {
            denoiser.sampleSize().ifPresent(denoiser::checkSize);
            ChannelFit.checkTraining(denoiser);
            checkChannels(denoiser.sampleChannels(), data, codec);
            known = denoiser.numClasses();
        } else if (model instanceof Classifier classifier) {
            known = classifier.numClasses();
        } else if (model instanceof AutoencoderKl autoencoder) {
            checkAutoencoder(autoencoder.typedConfig(), data);
        } else if (model instanceof ClipModel clip) {
            checkChannels(clip.typedConfig().visionConfig().numChannels(), data, null);
            ClipTokens.checkCaptions(clip, spec, data.dataset());
        }
        checkClasses(spec, known, data);
        if (known > 0) {
            ClassLabels.check(data.dataset(), spec.kind());
        }
        if (known > 0 && heldBack != null) {
            ClassLabels.check(heldBack.dataset(), spec.kind());
        }
        if (spec.from() != null) {
            Pretrained.fill(model, spec, families);
        }
    }

    private static void checkChannels(int known, TrainingData data, @Nullable SampleCodec codec) {
        if (codec != null) {
            long made = sampleShape(data, codec)[0];
            if (known != made) {
                throw Problem.request("the network denoises samples of " + known
                        + " channels, but the codec makes samples of " + made
                        + ": take another network, or another codec");
            }
            return;
        }
        int channels = data.transform().channels();
        if (known != channels) {
            throw Problem.request("the network takes pictures of " + known + " channels, but those of "
                    + data.dataset().description() + " are prepared with " + channels + ": set data.channels to "
                    + (known == 1 ? "grey" : known == 3 ? "rgb" : "what fits, or take another network"));
        }
    }

    private static void checkAutoencoder(AutoencoderKlConfig config, TrainingData data) {
        int factor = config.scaleFactor();
        int height = data.transform().height();
        int width = data.transform().width();
        if (height % factor != 0 || width % factor != 0) {
            throw Problem.request(
                    "the autoencoder halves pictures down to 1/" + factor + " of their size, but those of "
                            + data.dataset().description() + " are prepared as " + new SampleSize(height, width).text()
                            + ": set data.image_size to a multiple of " + factor);
        }
        if (config.inChannels() != config.outChannels()) {
            throw Problem.request("the autoencoder is to give back what it gets, but it takes " + config.inChannels()
                    + " channels and makes " + config.outChannels() + ": omit model.config.out_channels");
        }
        checkChannels(config.inChannels(), data, null);
    }

    private static void checkClasses(ModelSpec spec, int known, TrainingData data) {
        int classes = data.dataset().classNames().size();
        if (known != 0 && known != classes) {
            throw Problem.request("the network " + (spec.from() == null ? "" : "in " + spec.from() + " ") + "knows "
                    + known + " classes, but " + data.dataset().description() + " has "
                    + (classes == 0 ? "no" : classes) + " classes: take data with " + known
                    + " class folders, or another network");
        }
    }

    /** A network with fresh weights, or with those that it starts from; the caller owns it. */
    Model create(ModelSpec spec, long seed) {
        Model model = createEmpty(spec);
        try (RandomStream random = new RandomStream(seed)) {
            if (spec.from() != null) {
                Pretrained.fill(model, spec, families);
            } else {
                model.initialize(random);
            }
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    /** A network that stays as it is while the recipe's LoRA learns in it, with the weights that it starts from; the caller owns it. */
    Model createBase(Recipe recipe) {
        Model model = createEmpty(recipe, recipe.model());
        try {
            Pretrained.fill(model, recipe.model(), families);
            return model;
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    /** A network without content, kept as the recipe says where a LoRA learns in it; the caller owns it. */
    Model createEmpty(Recipe recipe, ModelSpec spec) {
        if (recipe.lora() == null) {
            return createEmpty(spec);
        }
        ScalarType kept = recipe.training().frozenDtype().scalarType();
        Model model = WeightMemory.madeAs(kept, () -> createEmpty(spec));
        model.store(kept);
        return model;
    }

    /** A network whose content comes from a checkpoint; the caller owns it. */
    Model createEmpty(ModelSpec spec) {
        return family(spec).create(spec.config());
    }
}
