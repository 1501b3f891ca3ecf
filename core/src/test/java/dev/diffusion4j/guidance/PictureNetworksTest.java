// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.guidance.loss.ClassifierLoss;
import dev.diffusion4j.guidance.loss.ClipLoss;
import dev.diffusion4j.guidance.loss.MaskLoss;
import dev.diffusion4j.guidance.loss.PictureCut;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.model.classifier.ConvClassifierConfig;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Losses that look through a network, or at a part: equal to the course's in Python, number by number, gradients too. */
class PictureNetworksTest {
    private static final long[] ALL_BUT_BATCH = {1, 2, 3};

    private static Tensor gradient(GuidanceLoss loss, Tensor pictures, long seed) {
        Tensor leaf = pictures.detach().clone();
        leaf.set_requires_grad(true);
        try (RandomStream random = new RandomStream(seed)) {
            loss.perImage(leaf, random)
                    .sum()
                    ._backward(new TensorVector(leaf), new TensorOptional(), new BoolOptional(), false);
        }
        return leaf.grad();
    }

    /** Six draws: among them are mirrored ones, and turns both ways. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void cuts_and_clip_loss_equal_the_course_s(int seed) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("clip/guidance");
                    Clip clip = Clip.load(Golden.path("clip/quick/config.json").getParent());
                    ClipLoss loss = ClipLoss.ofText(clip, "bla cad")) {
                Tensor pictures = golden.tensor("pictures");
                try (RandomStream random = new RandomStream(seed)) {
                    PictureCut cut = PictureCut.draw(random, 14, 12);
                    Tensor pixels = clip.pictures().normalise(cut.apply(pictures.narrow(0, 0, 1), 16));
                    assertClose("pixels", pixels, golden.tensor(seed + ".pixels"), 1e-5);
                }
                try (RandomStream random = new RandomStream(seed)) {
                    assertClose("loss", loss.perImage(pictures, random), golden.tensor(seed + ".loss"), 1e-5);
                }
                assertClose("gradient", gradient(loss, pictures, seed), golden.tensor(seed + ".grad"), 1e-4);
            }
        });
    }

    @Test
    void the_same_has_no_loss_right_angles_have_1_2337_and_opposites_have_a_slope() {
        TensorScope.run(() -> {
            Tensor points = Tensors.of(new float[] {1, 0, 0, 1, -1, 0}, 3, 2);
            Tensor one = Tensors.of(new float[] {1, 0}, 1, 2);
            float[] losses = Tensors.floats(ClipLoss.arc(points, one));
            assertThat(losses[0]).isCloseTo(0, within(1e-6f));
            assertThat(losses[1]).isCloseTo((float) (2 * Math.pow(Math.PI / 4, 2)), within(1e-5f));
            assertThat(losses[2]).isCloseTo((float) (2 * Math.pow(Math.PI / 2, 2)), within(2e-2f));
            for (float slope : Tensors.floats(gradient(x -> ClipLoss.arc(x, one), points, 0))) {
                assertThat(slope).isFinite();
            }
        });
    }

    @Test
    void a_picture_is_nearest_to_itself_grey_or_coloured_and_the_source_s_range_differs() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Golden golden = Golden.open("clip/guidance");
                    Clip clip = Clip.load(Golden.path("clip/open_gelu/epoch_3.pt"))) {
                Tensor first = golden.tensor("pictures")
                        .narrow(0, 0, 1)
                        .narrow(2, 0, 12)
                        .contiguous();
                Tensor other = golden.tensor("pictures").narrow(0, 1, 1).narrow(2, 0, 12);
                try (ClipLoss loss = ClipLoss.ofPicture(clip, first)) {
                    double same = loss.perImage(first).item_double();
                    assertThat(same).isLessThan(loss.perImage(other).item_double() / 2);
                    assertThat(loss.inSourceRange().perImage(first).item_double())
                            .isGreaterThan(same);
                    assertThat(loss.perImage(first.narrow(1, 0, 1)).item_double())
                            .isFinite();
                }
            }
        });
    }

    /** Central differences of float32, so only roughly. */
    @Test
    void a_classifier_s_slope_is_right_for_pictures_of_other_size_and_channels() {
        TensorScope.run(() -> {
            ConvClassifierConfig config = Records.with(
                    ConvClassifierConfig.DEFAULT,
                    Map.of(
                            "sample_size",
                            SampleSize.square(12).toJson(),
                            "num_classes",
                            5L,
                            "widths",
                            List.of(4L, 4L),
                            "hidden",
                            8L));
            try (ConvClassifier network = new ConvClassifier(config);
                    RandomStream random = new RandomStream(4)) {
                network.initialize(random);
                network.requiresGrad(false);
                ClassifierLoss loss = new ClassifierLoss(network, 3);
                Tensor pictures = random.rand(2, 3, 10, 14);
                Tensor slope = gradient(loss, pictures, 0);
                Tensor direction = slope.div(slope.norm());
                double step = 1e-2;
                double up = sum(loss, pictures.add(direction.mul(new Scalar(step))));
                double down = sum(loss, pictures.sub(direction.mul(new Scalar(step))));
                assertThat((up - down) / (2 * step))
                        .isCloseTo(
                                slope.norm().item_double(),
                                within(2e-2 * slope.norm().item_double()));
            }
        });
    }

    private static double sum(GuidanceLoss loss, Tensor pictures) {
        return loss.perImage(pictures).sum().item_double();
    }

    @Test
    void a_mask_sees_its_region_only() {
        TensorScope.run(() -> {
            Tensor picture = torch.ones(1, 3, 4, 6);
            Tensor mask = torch.cat(new TensorVector(torch.ones(1, 1, 4, 2), torch.zeros(1, 1, 4, 4)), 3);
            try (MaskLoss loss = new MaskLoss(picture, mask)) {
                Tensor black = torch.zeros(2, 3, 4, 6);
                float distance = 2 * (float) Math.sqrt(3 * 8);
                assertThat(Tensors.floats(loss.perImage(black))).containsExactly(distance, distance);
                Tensor slope = gradient(loss, black, 0);
                assertThat(slope.narrow(3, 2, 4).abs().sum().item_double()).isZero();
                assertThat(slope.narrow(3, 0, 2)
                                .amax(ALL_BUT_BATCH, false)
                                .max()
                                .item_double())
                        .isNegative();
                assertThat(Tensors.floats(loss.perImage(torch.ones(1, 1, 8, 12)))[0])
                        .isCloseTo(0, within(1e-5f));
            }
        });
    }
}
