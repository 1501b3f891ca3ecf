// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classifier;

import static org.bytedeco.pytorch.global.torch.max_pool2d;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Dropout;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * 3×3 convolutions with ReLU, a halving after the last or after each, two linear layers: the small MNIST network of many lessons,
 * LeCun et al. (1998).
 */
public final class ConvClassifier extends Model {
    private final ConvClassifierConfig config;
    private final List<Conv2d> convolutions = new ArrayList<>();
    private final Dropout dropoutBefore;
    private final Linear hidden;
    private final Dropout dropoutAfter;
    private final Linear output;

    /** A network without content. */
    public ConvClassifier(ConvClassifierConfig config) {
        this.config = config;
        int in = config.inChannels();
        for (int i = 0; i < config.widths().size(); i++) {
            int out = config.widths().get(i);
            convolutions.add(child("conv" + (i + 1), new Conv2d(in, out, 3, 1, config.halveEach() ? 1 : 0)));
            in = out;
        }
        dropoutBefore = new Dropout(config.dropout());
        hidden = child("fc1", new Linear(config.flatFeatures(), config.hidden()));
        dropoutAfter = new Dropout(2 * config.dropout());
        output = child("fc2", new Linear(config.hidden(), config.numClasses()));
    }

    /** From the keys of a {@code config.json}. */
    public static ConvClassifier fromConfig(Map<String, @Nullable Object> json) {
        return new ConvClassifier(
                Records.bind(ConvClassifierConfig.DEFAULT, Records.settings(json), "ConvClassifier config"));
    }

    /**
     * @param images (B, C, H, W) in [−1, 1]
     * @return scores before the softmax, (B, classes), a new tensor owned by the current scope
     */
    public Tensor forward(Tensor images) {
        return TensorScope.keepResult(() -> output.forward(dropoutAfter.forward(features(images))));
    }

    /**
     * What the layer before the last says of pictures; distances between sets of pictures may be taken between these.
     *
     * @param images (B, C, H, W) in [−1, 1]
     * @return (B, hidden), not negative, a new tensor owned by the current scope
     */
    public Tensor features(Tensor images) {
        return TensorScope.keepResult(() -> {
            Tensor x = normalized(images);
            for (Conv2d convolution : convolutions) {
                x = Activation.RELU.applyToTemporary(convolution.forward(x));
                if (config.halveEach()) {
                    x = max_pool2d(x, 2);
                }
            }
            Tensor pooled = config.halveEach() ? x : max_pool2d(x, 2);
            Tensor flat = dropoutBefore.forward(pooled).reshape(images.size(0), -1);
            return Activation.RELU.applyToTemporary(hidden.forward(flat));
        });
    }

    /** From [−1, 1] to what the config asks for; {@code images} itself where that is the same. */
    private Tensor normalized(Tensor images) {
        if (config.inputMean() == 0.5 && config.inputStd() == 0.5) {
            return images;
        }
        return TensorScope.keepResult(() -> images.mul(new Scalar(0.5 / config.inputStd()))
                .add(new Scalar((0.5 - config.inputMean()) / config.inputStd())));
    }

    /** How many classes. */
    public int numClasses() {
        return config.numClasses();
    }

    /** The config as a record. */
    public ConvClassifierConfig typedConfig() {
        return config;
    }

    @Override
    public ModelKind kind() {
        return ModelKind.CONV_CLASSIFIER;
    }

    @Override
    public Map<String, @Nullable Object> config() {
        return Records.toMap(config);
    }
}
