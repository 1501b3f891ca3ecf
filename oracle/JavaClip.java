// SPDX-License-Identifier: Apache-2.0
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Java's side of {@code check_clip_training.py}: a short training of {@code clip-small}, and its embeddings of texts and pictures. */
public final class JavaClip {
    private JavaClip() {}

    /** @param args the folder to write, then texts */
    public static void main(String[] args) {
        Path out = Path.of(args[0]);
        List<String> texts = Arrays.asList(args).subList(1, args.length);
        List<String> changes =
                List.of("data.limit=64", "data.image_size=32", "training.epochs=1", "training.batch_size=16", "validation=null");
        Path model = TrainingRun.start(Recipes.load("clip-small", changes), out.resolve("run"))
                .run(new RunListener() {}, () -> false)
                .folder()
                .resolve("model");
        TensorScope.run(() -> {
            try (Clip clip = Clip.load(model);
                    RandomStream random = new RandomStream(3)) {
                Tensor pictures = random.rand(4, 3, 32, 32);
                Safetensors.write(
                        out.resolve("embeddings.safetensors"),
                        Map.of(
                                "pictures", pictures,
                                "of_pictures", clip.embedPictures(pictures),
                                "of_texts", clip.embedTexts(texts)),
                        Map.of());
            }
        });
    }
}
