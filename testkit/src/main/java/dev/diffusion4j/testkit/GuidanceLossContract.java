// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static dev.diffusion4j.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** What every guidance loss promises. */
public abstract class GuidanceLossContract {
    private static final int COUNT = 3;

    /** The loss to test; the same one, or an equal one, at each call. */
    protected abstract GuidanceLoss loss();

    /** Channels of the pictures that it is given. */
    protected int channels() {
        return 3;
    }

    /** Height and width of the pictures that it is given. */
    protected int size() {
        return 8;
    }

    private Tensor pictures() {
        try (RandomStream random = new RandomStream(17)) {
            return random.rand(COUNT, channels(), size(), size());
        }
    }

    private static Tensor perImage(GuidanceLoss loss, Tensor pictures) {
        try (RandomStream random = new RandomStream(5)) {
            return loss.perImage(pictures, random);
        }
    }

    @Test
    void there_is_one_finite_loss_a_picture() {
        TensorScope.run(() -> {
            Tensor losses = perImage(loss(), pictures());
            assertThat(Shapes.text(losses)).isEqualTo("(" + COUNT + ")");
            for (float value : Tensors.floats(losses)) {
                assertThat(value).isFinite();
            }
        });
    }

    @Test
    void a_pictures_loss_does_not_depend_on_the_others() {
        TensorScope.run(() -> {
            Tensor pictures = pictures();
            Tensor together = perImage(loss(), pictures);
            for (int k = 0; k < COUNT; k++) {
                Tensor alone = perImage(loss(), pictures.narrow(0, k, 1));
                assertClose("picture " + k, alone, together.narrow(0, k, 1), 1e-5);
            }
        });
    }

    @Test
    void it_has_a_finite_gradient_in_every_picture() {
        TensorScope.run(() -> {
            Tensor pictures = pictures().set_requires_grad(true);
            perImage(loss(), pictures).sum().backward();
            for (int k = 0; k < COUNT; k++) {
                float[] gradient = Tensors.floats(pictures.grad().narrow(0, k, 1));
                double length = 0;
                for (float value : gradient) {
                    length += value * value;
                }
                assertThat(length).as("picture %d", k).isFinite().isPositive();
            }
        });
    }

    @Test
    void a_call_leaves_nothing_behind() {
        GuidanceLoss loss = loss();
        TensorScope.run(() -> perImage(loss, pictures())); // what is made once is made
        long before = Pointer.totalCount();
        TensorScope.run(() -> perImage(loss, pictures()));
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }

    @Test
    void pictures_of_its_channels_are_accepted() {
        loss().checkChannels(channels());
    }
}
