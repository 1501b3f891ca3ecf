// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Test;

class BranchesTest {
    private static final Conditioning SOME = Conditioning.ofClasses(Tensors.ofLongs(0, 1));

    private static Tensor times(Tensor tensor, double first, double second) {
        return tensor.mul(Tensors.ofDoubles(first, second).view(2, 1, 1, 1));
    }

    @Test
    void two_branches_are_classifier_free_guidance_with_a_scale_for_each_picture() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Tensor with = random.randn(2, 3, 4, 4);
                Tensor without = random.randn(2, 3, 4, 4);
                Branches branches = Branches.of(List.of(SOME, SOME), List.of(new double[] {7.5, 1}));
                Tensor guided = branches.combine(cat(new TensorVector(with, without), 0), 3, 0);
                assertClose("guided", guided, times(with, 7.5, 1).add(times(without, -6.5, 0)), 1e-5);
            }
        });
    }

    /** Brooks et al. (2023), eq. 3: e(∅,∅) + s_I·(e(c_I,∅) − e(∅,∅)) + s_T·(e(c_I,c_T) − e(c_I,∅)). */
    @Test
    void three_branches_are_a_picture_and_a_text() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Tensor both = random.randn(2, 3, 4, 4);
                Tensor picture = random.randn(2, 3, 4, 4);
                Tensor nothing = random.randn(2, 3, 4, 4);
                double text = 7.5;
                double image = 1.5;
                Branches branches = Branches.of(
                        List.of(SOME, SOME, SOME),
                        List.of(new double[] {text, text}, new double[] {image - text, image - text}));
                Tensor expected = nothing.add(picture.sub(nothing).mul(new Scalar(image)))
                        .add(both.sub(picture).mul(new Scalar(text)));
                Tensor guided = branches.combine(cat(new TensorVector(both, picture, nothing), 0), 3, 0);
                assertClose("guided", guided, expected, 1e-5);
            }
        });
    }

    @Test
    void a_predicted_variance_is_that_of_the_first_branch_at_any_scale() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Tensor with = random.randn(2, 6, 4, 4);
                Tensor without = random.randn(2, 6, 4, 4);
                for (double scale : new double[] {0, 1e-12, 4}) {
                    Branches branches = Branches.of(List.of(SOME, SOME), List.of(new double[] {scale, scale}));
                    Tensor guided = branches.combine(cat(new TensorVector(with, without), 0), 3, 0);
                    assertThat(Tensors.floats(guided.narrow(1, 3, 3).contiguous()))
                            .isEqualTo(Tensors.floats(with.narrow(1, 3, 3).contiguous()));
                }
            }
        });
    }

    @Test
    void a_part_of_the_batch_keeps_its_own_weights() {
        TensorScope.run(() -> {
            Branches branches = Branches.of(List.of(SOME, SOME), List.of(new double[] {0, 3}));
            assertThat(branches.isReferenceAlone()).isFalse();
            assertThat(branches.narrow(0, 1).isReferenceAlone()).isTrue();
            assertThat(branches.narrow(1, 1).isReferenceAlone()).isFalse();
            assertThat(branches.narrow(1, 1).joined().size()).isEqualTo(2);
        });
    }
}
