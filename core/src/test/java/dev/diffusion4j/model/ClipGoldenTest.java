// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiny CLIP folders that transformers saved, with its embeddings. */
class ClipGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"quick", "gelu", "old_eos"})
    void equals_transformers(String name) {
        Path folder = Golden.path("clip/" + name + "/expected.safetensors").getParent();
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Safetensors expected = Safetensors.open(folder.resolve("expected.safetensors"));
                    WeightSource weights = WeightFiles.openFile(folder.resolve("model.safetensors"));
                    ClipModel model = ClipModel.fromConfig(Json.readObject(folder.resolve("config.json")))) {
                WeightLoader.load(weights, model.stateDict(), model::weightName);
                Tensor ids = expected.read("ids");
                assertClose("states", model.textTower().states(ids), expected.read("states"), 1e-5);
                assertClose("texts", model.embedTexts(ids), expected.read("text"), 1e-5);
                assertClose("pictures", model.embedImages(expected.read("pixels")), expected.read("image"), 1e-5);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"tall", "rather_tall", "wide"})
    void a_picture_of_a_long_side_is_prepared_as_pillow_does(String shape) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("clip/pictures");
                    Clip clip = Clip.load(Golden.path("clip/quick"))) {
                Tensor picture = golden.tensor(shape)
                        .to(ScalarType.Float)
                        .div(new Scalar(255.0))
                        .unsqueeze(0);
                assertClose(
                        shape,
                        clip.pictures().whole(picture, clip.reference()),
                        golden.tensor(shape + ".pixels"),
                        2e-6);
            }
        });
    }
}
