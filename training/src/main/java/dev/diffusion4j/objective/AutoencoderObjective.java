// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig;
import dev.diffusion4j.model.autoencoder.LatentDistribution;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Learn to give pictures back from a few numbers: Kingma and Welling (2014), weighted as diffusers' example {@code train_autoencoderkl.py}
 * does. A latent is drawn from the distribution that the encoder gives.
 */
public final class AutoencoderObjective implements Objective {
    /** Mean distance of pictures and reconstructions. */
    public static final String RECONSTRUCTION = "reconstruction";
    /** Divergence of a picture's latent, in nats. */
    public static final String DIVERGENCE = "kl";
    /** Distance of pictures and reconstructions to a classifier's eye. */
    public static final String FEATURES = "features";

    private final AutoencoderKl model;
    private final AutoencoderSettings settings;
    private final @Nullable FeatureDistance features;

    /**
     * @param model borrowed, as the classifier is
     * @param classifier of pictures of this kind; {@code null} where its eye does not count
     */
    public AutoencoderObjective(AutoencoderKl model, AutoencoderSettings settings, @Nullable Classifier classifier) {
        this.model = model;
        this.settings = settings;
        this.features = classifier == null ? null : new FeatureDistance(classifier);
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Task draw(TrainingExamples examples, RandomStream random) {
        AutoencoderKlConfig config = model.typedConfig();
        Tensor images = examples.images();
        long factor = config.scaleFactor();
        Tensor noise =
                random.randn(images.size(0), config.latentChannels(), images.size(2) / factor, images.size(3) / factor);
        return new Coding(images, noise);
    }

    private final class Coding implements Task {
        private final Tensor images;
        private final Tensor noise;
        private final Map<String, Double> means = new LinkedHashMap<>();

        Coding(Tensor images, Tensor noise) {
            this.images = images;
            this.noise = noise;
        }

        @Override
        public long size() {
            return images.size(0);
        }

        @Override
        public Task slice(long start, long count) {
            return new Coding(images.narrow(0, start, count), noise.narrow(0, start, count));
        }

        @Override
        public Task to(Device device) {
            return new Coding(images.to(device, Tensors.type(images)), noise.to(device, Tensors.type(noise)));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                LatentDistribution latents =
                        LatentDistribution.of(model.encode(images).to(ScalarType.Float));
                Tensor latent = latents.mean().add(latents.std().mul(noise));
                Tensor pictures = model.decode(latent).to(ScalarType.Float);
                Tensor loss = kept(RECONSTRUCTION, settings.loss().mean(pictures, images))
                        .add(kept(DIVERGENCE, divergence(latents.mean(), latents.logVariance()))
                                .mul(new Scalar(settings.klWeight())));
                return features == null
                        ? loss
                        : loss.add(kept(FEATURES, features.between(images, pictures))
                                .mul(new Scalar(settings.featureWeight())));
            });
        }

        /** ½·Σ(μ² + σ² − 1 − log σ²) of a picture, the mean over the pictures. */
        private Tensor divergence(Tensor mean, Tensor logVariance) {
            return mean.square()
                    .add(logVariance.exp())
                    .sub(logVariance)
                    .sub(new Scalar(1.0))
                    .sum()
                    .mul(new Scalar(0.5 / size()));
        }

        private Tensor kept(String name, Tensor value) {
            means.put(name, (double) value.item_float());
            return value;
        }

        @Override
        public Map<String, Double> tracked() {
            return means;
        }
    }
}
