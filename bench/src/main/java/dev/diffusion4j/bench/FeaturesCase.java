// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.metric.InceptionFeatures;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.inception.InceptionVariant;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Pictures to points: CLIP's image tower, InceptionV3. Seconds are those of one picture. */
final class FeaturesCase {
    private FeaturesCase() {}

    /** Arguments: {@code clip|inception}, batch size, steps of a round. */
    static void run(Path folder, List<String> arguments, Rounds rounds) {
        int batch = Integer.parseInt(arguments.get(1));
        int steps = Integer.parseInt(arguments.get(2));
        if (arguments.get(0).equals("clip")) {
            try (Clip clip = Clip.load(folder)) {
                clip.freeze(); // as for a score
                measure(clip::embed, batch, 224, steps, rounds);
            }
        } else {
            try (InceptionFeatures features = InceptionFeatures.open(
                    folder.resolve("inception.safetensors"),
                    InceptionVariant.TORCHVISION,
                    InceptionFeatures.USUAL_SIZE,
                    PictureResize.LEGACY)) {
                measure(features::features, batch, InceptionFeatures.USUAL_SIZE, steps, rounds);
            }
        }
    }

    private static void measure(UnaryOperator<Tensor> features, int batch, int side, int steps, Rounds rounds) {
        try (NoGradGuard guard = new NoGradGuard();
                RandomStream noise = NoiseSource.shared(0);
                Tensor pictures = TensorScope.ownResult(
                        () -> noise.randn(batch, 3, side, side).sigmoid())) {
            round(features, pictures, steps);
            rounds.ready("f32", "f32");
            while (rounds.next()) {
                double seconds = round(features, pictures, steps) / batch;
                rounds.done(seconds, Map.of("images_per_second", 1 / seconds));
            }
        }
    }

    private static double round(UnaryOperator<Tensor> features, Tensor pictures, int steps) {
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            TensorScope.compute(() -> features.apply(pictures).dim());
        }
        return (System.nanoTime() - start) / 1e9 / steps;
    }
}
