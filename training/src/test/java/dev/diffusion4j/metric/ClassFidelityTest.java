// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Counted by class, and the same whatever the batches are. */
class ClassFidelityTest {
    private static final int COUNT = 300; // more than one batch

    @Test
    void counts_what_the_classifier_says_class_by_class() {
        TensorScope.run(() -> {
            try (ConvClassifier classifier = (ConvClassifier) ModelKind.CONV_CLASSIFIER.create(
                            Map.of("sample_size", 28L, "in_channels", 1L, "num_classes", 3L));
                    RandomStream random = new RandomStream(2)) {
                classifier.initialize(random);
                Tensor images = random.randn(COUNT, 1, 28, 28);
                int[] expected = new int[3];
                int[] classes = new int[COUNT];
                int[] total = new int[3];
                for (int i = 0; i < COUNT; i++) {
                    classes[i] = i % 3;
                    total[i % 3]++;
                    float[] scores = Tensors.floats(classifier.forward(images.narrow(0, i, 1)));
                    boolean right = true;
                    for (float score : scores) {
                        right &= score <= scores[i % 3];
                    }
                    expected[i % 3] += right ? 1 : 0;
                }
                ClassFidelity fidelity = ClassFidelity.of(classifier, images, classes);
                assertThat(fidelity.recognised()).isEqualTo(expected);
                assertThat(fidelity.total()).isEqualTo(total);
                assertThat(fidelity.share()).isBetween(0.1, 0.9);
            }
        });
    }

    @Test
    void a_few_pictures_that_are_all_wrong_leave_much_open() {
        ClassFidelity none = new ClassFidelity(new int[] {0}, new int[] {2});
        assertThat(none.standardError()).isCloseTo(1.0 / 6, within(1e-12)); // Wilson: from 0 to 1/3
        ClassFidelity many = new ClassFidelity(new int[] {9000}, new int[] {10_000});
        assertThat(many.standardError()).isCloseTo(0.003, within(1e-6)); // √(0.9 · 0.1 / 10000)
    }
}
