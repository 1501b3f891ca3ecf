// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Equal to transformers' cosines, picture by picture; the same in any order and batch. */
class ClipScoreTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden/clip");

    @Test
    void equals_transformers() {
        TensorScope.run(() -> {
            try (Clip clip = Clip.load(GOLDEN.resolve("quick"));
                    Safetensors golden = Safetensors.open(GOLDEN.resolve("guidance.safetensors"));
                    Safetensors pictures = Safetensors.open(GOLDEN.resolve("open_quick/expected.safetensors"))) {
                float[] cosines = Tensors.floats(golden.read("shown_cosine"));
                for (int i = 0; i < 3; i++) {
                    Tensor image = pictures.read("picture." + i)
                            .to(ScalarType.Float)
                            .div(new Scalar(127.5))
                            .sub(new Scalar(1.0))
                            .unsqueeze(0);
                    ClipScore score = ClipScore.of(clip, image, List.of(i == 1 ? "q" : "bla cad"));
                    assertThat(score.mean()).isCloseTo(100 * cosines[i], within(1e-3));
                }
            }
        });
    }

    @Test
    void order_and_batches_do_not_matter() {
        TensorScope.run(() -> {
            try (Clip clip = Clip.load(GOLDEN.resolve("quick"));
                    RandomStream random = new RandomStream(1)) {
                int count = 70; // more than one batch
                Tensor images = random.rand(count, 1, 20, 18);
                List<String> texts = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    texts.add(List.of("bla", "q", "cad").get(i % 3));
                }
                ClipScore all = ClipScore.of(clip, images, texts);
                List<String> turned = new ArrayList<>(texts);
                java.util.Collections.reverse(turned);
                ClipScore back = ClipScore.of(clip, images.flip(0), turned);
                for (int i = 0; i < count; i++) {
                    assertThat(back.perPicture()[count - 1 - i]).isCloseTo(all.perPicture()[i], within(1e-3));
                }
                assertThat(all.standardError()).isPositive();
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> ClipScore.of(clip, images, texts.subList(0, 3)))
                        .withMessage("there are 3 texts for 70 pictures");
            }
        });
    }
}
