// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.clip.ClipActivation;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.TextCleaning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders and checkpoints of both references: their embeddings, their pictures, their defaults. */
class ClipLoadTest {
    private static final Path GOLDEN = Golden.path("clip/guidance.safetensors").getParent();

    @TempDir
    Path folder;

    /** (1, 3, H, W) in [0, 1] of stored bytes. */
    static Tensor picture(Safetensors from, String name) {
        return from.read(name).to(ScalarType.Float).div(new Scalar(255.0)).unsqueeze(0);
    }

    @ParameterizedTest
    @CsvSource({
        "open_quick, quick_gelu",
        "open_gelu/epoch_3.pt, gelu",
        "open_quick/open_clip_model.safetensors, quick_gelu"
    })
    void equals_open_clip(String place, String activation) {
        Path path = GOLDEN.resolve(place);
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Safetensors expected = Safetensors.open(
                            GOLDEN.resolve(place.replaceAll("/.*", "")).resolve("expected.safetensors"));
                    Clip clip = Clip.load(path)) {
                assertThat(clip.reference()).isEqualTo(TextCleaning.OPEN_CLIP);
                assertThat(clip.model().typedConfig().visionConfig().hiddenAct().key())
                        .isEqualTo(activation);
                assertThat(clip.model().typedConfig().visionConfig().numAttentionHeads())
                        .isEqualTo(3);
                for (int i = 0; i < 3; i++) { // plain, frozen, and what a frozen one has put in order
                    assertClose("texts", clip.model().embedTexts(expected.read("ids")), expected.read("text"), 1e-5);
                    assertClose(
                            "pictures",
                            clip.model().embedImages(expected.read("pixels")),
                            expected.read("image"),
                            1e-5);
                    clip.freeze();
                }
                Tensor pixels = expected.read("pixels");
                for (int i = 0; i < 3; i++) {
                    Tensor own = clip.pictures().whole(picture(expected, "picture." + i), clip.reference());
                    assertClose("prepared " + i, own, pixels.narrow(0, i, 1), 2e-6);
                }
            }
        });
    }

    @Test
    void equals_transformers_from_text_and_picture_to_similarity() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Golden golden = Golden.open("clip/guidance");
                    Safetensors shown = Safetensors.open(GOLDEN.resolve("open_quick/expected.safetensors"));
                    Clip clip = Clip.load(GOLDEN.resolve("quick"))) {
                Tensor texts = clip.embedTexts(List.of("bla cad", "q"));
                Tensor expected = golden.tensor("text");
                Tensor lengths = expected.mm(expected.t()).diag().sqrt().unsqueeze(1);
                assertClose("texts", texts, expected.div(lengths), 1e-5);
                TensorVector all = new TensorVector();
                for (int i = 0; i < 3; i++) {
                    Tensor picture = picture(shown, "picture." + i);
                    all.push_back(clip.embedPictures(picture)
                            .mm(texts.narrow(0, i % 2, 1).t())
                            .view(1));
                    assertClose(
                            "prepared " + i,
                            clip.pictures().whole(picture, clip.reference()),
                            golden.tensor("shown_pixels").narrow(0, i, 1),
                            2e-6);
                }
                assertClose("cosine", torch.cat(all, 0), golden.tensor("shown_cosine"), 1e-4);
                assertThat(clip.tokensCut("bla bla bla bla bla bla bla bla bla"))
                        .isEqualTo(2);
            }
        });
    }

    @Test
    void a_frozen_clip_still_has_gradients_with_regard_to_the_pixels() {
        TensorScope.run(() -> {
            try (Clip clip = Clip.load(GOLDEN.resolve("quick"));
                    RandomStream random = new RandomStream(3)) {
                int side = clip.pictures().size();
                Tensor pixels = random.randn(2, 3, side, side);
                Tensor before = gradient(clip, pixels);
                clip.freeze();
                try (NoGradGuard guard = new NoGradGuard()) {
                    clip.embed(pixels);
                }
                assertClose("gradient", gradient(clip, pixels), before, 1e-5);
            }
        });
    }

    private static Tensor gradient(Clip clip, Tensor pixels) {
        Tensor leaf = pixels.detach().requires_grad_(true);
        clip.embed(leaf).select(1, 0).sum().backward();
        return leaf.grad();
    }

    @Test
    void a_given_activation_wins_and_nothing_is_left_behind() {
        long before = Pointer.totalCount();
        try (Clip clip = Clip.load(GOLDEN.resolve("quick"), ClipActivation.GELU)) {
            assertThat(clip.model().typedConfig().textConfig().hiddenAct()).isEqualTo(ClipActivation.GELU);
            assertThat(clip.origin().activation()).isEqualTo(ClipActivation.GELU);
        }
        assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before + 2);
    }

    @Test
    void what_is_missing_is_said() throws IOException {
        Path bare = folder.resolve("weights.safetensors");
        Files.copy(GOLDEN.resolve("open_quick/open_clip_model.safetensors"), bare);
        refused(bare, "clipActivation quick_gelu");
        try (Clip clip = Clip.load(bare, ClipActivation.QUICK_GELU)) { // heads are taken 64 wide
            assertThat(clip.model().typedConfig().visionConfig().numAttentionHeads())
                    .isEqualTo(1);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> clip.embedTexts(List.of("a")))
                    .withMessageContaining("there is no vocabulary beside");
        }
        Files.copy(bare, folder.resolve("open_clip_model.safetensors"));
        Files.writeString(
                folder.resolve("open_clip_config.json"),
                "{\"model_cfg\": {\"vision_cfg\": {\"width\": 24, \"qk_norm\": true}}}");
        refused(folder, "vision_cfg.qk_norm = true");
        refused(folder.resolve("nowhere"), "there is no CLIP at");
        refused(GOLDEN, "holds no CLIP");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"siglip\"}");
        Files.copy(bare, folder.resolve("model.safetensors"));
        refused(folder, "\"clip\" was expected");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"clip\", \"projection_dim\": -1}");
        refused(folder, "projection_dim");
    }

    private static void refused(Path place, String why) {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> Clip.load(place))
                .withMessageContaining(why);
    }
}
