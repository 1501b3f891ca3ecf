// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classifier;

import static org.bytedeco.pytorch.global.torch.max_pool2d;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Dropout;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.ConfigFit;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * 3×3 convolutions with ReLU, a halving after the last or after each, two linear layers: the small MNIST network of many lessons,
 * LeCun et al. (1998).
 */
public final class ConvClassifier extends Classifier {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "ConvClassifier", ModelRole.JUDGE),
            ConvClassifierConfig.DEFAULT,
            ConvClassifier::new,
            new Fit());

    /** It keeps the names of the classes that it learns, so that pictures in folders of these names can be judged by it. */
    private static final class Fit implements ConfigFit {
        @Override
        public void fit(ConfigDraft draft) {
            nameClasses(draft.fillShape().fillClasses("num_classes"));
        }

        @Override
        public void resize(ConfigDraft draft) {
            ConfigFit.super.resize(draft);
            nameClasses(draft);
        }

        private static void nameClasses(ConfigDraft draft) {
            if (draft.getLong("num_classes", 0) == draft.target().classes()) {
                draft.put("class_names", draft.target().classNames());
            }
        }
    }

    private final ConvClassifierConfig config;
    private final List<Conv2d> convolutions = new ArrayList<>();
    private final Dropout dropoutBefore;
    private final Linear hidden;
    private final Dropout dropoutAfter;
    private final Linear output;

    /** A network without content. */
    public ConvClassifier(ConvClassifierConfig config) {
        super(
                FAMILY.modelClass(),
                Records.toMap(config),
                config.inChannels(),
                config.sampleSize(),
                config.numClasses());
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

    @Override
    public Tensor forward(Tensor images) {
        return TensorScope.keepResult(() -> output.forward(dropoutAfter.forward(features(images))));
    }

    /** (B, hidden), not negative. */
    @Override
    public Tensor features(Tensor images) {
        return TensorScope.keepResult(() -> {
            List<Tensor> maps = maps(images);
            Tensor pooled = max_pool2d(maps.get(maps.size() - 1), 2);
            Tensor flat = dropoutBefore.forward(pooled).reshape(images.size(0), -1);
            return Activation.RELU.applyToTemporary(hidden.forward(flat));
        });
    }

    /** After each convolution. */
    @Override
    public List<Tensor> maps(Tensor images) {
        return TensorScope.keepAll(
                () -> {
                    List<Tensor> maps = new ArrayList<>();
                    Tensor x = normalized(images);
                    for (Conv2d convolution : convolutions) {
                        boolean halves = config.halveEach() && !maps.isEmpty();
                        x = Activation.RELU.applyToTemporary(convolution.forward(halves ? max_pool2d(x, 2) : x));
                        maps.add(x);
                    }
                    return maps;
                },
                maps -> maps);
    }

    /** From [−1, 1] to what the config asks for; {@code images} itself where that is the same. */
    private Tensor normalized(Tensor images) {
        if (config.inputMean() == 0.5 && config.inputStd() == 0.5) {
            return images;
        }
        return TensorScope.keepResult(() -> images.mul(new Scalar(0.5 / config.inputStd()))
                .add(new Scalar((0.5 - config.inputMean()) / config.inputStd())));
    }

    @Override
    public String featuresName() {
        return "conv-classifier";
    }

    @Override
    public List<String> classNames() {
        return config.classNames();
    }

    /** The config as a record. */
    public ConvClassifierConfig typedConfig() {
        return config;
    }
}
