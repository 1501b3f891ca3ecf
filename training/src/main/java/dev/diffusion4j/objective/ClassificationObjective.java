// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Learn to name the class: the cross-entropy of the scores and the labels. */
public final class ClassificationObjective implements Objective {
    private final Classifier model;

    /** @param model borrowed */
    public ClassificationObjective(Classifier model) {
        this.model = model;
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Task draw(TrainingExamples examples, RandomStream random) {
        return new Classification(examples.images(), examples.labels());
    }

    private final class Classification implements Task {
        private final Tensor images;
        private final Tensor labels;
        private double right = Double.NaN;

        Classification(Tensor images, Tensor labels) {
            this.images = images;
            this.labels = labels;
        }

        @Override
        public long size() {
            return images.size(0);
        }

        @Override
        public Task slice(long start, long count) {
            return new Classification(images.narrow(0, start, count), labels.narrow(0, start, count));
        }

        @Override
        public Task to(Device device) {
            return new Classification(images.to(device, Tensors.type(images)), labels.to(device, Tensors.type(labels)));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(() -> {
                Tensor scores = model.forward(images).to(ScalarType.Float);
                right = TensorScope.compute(() -> torch.argmax(scores, new LongOptional(1), false)
                        .eq(labels)
                        .to(ScalarType.Float)
                        .mean()
                        .item_float());
                return torch.cross_entropy_loss(scores, labels);
            });
        }

        /** The share of the pictures that were named right. */
        @Override
        public Map<String, Double> tracked() {
            return Map.of("accuracy", right);
        }
    }
}
