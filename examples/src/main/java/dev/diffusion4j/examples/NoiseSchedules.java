// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** The forward process to look at: a digit drowns in noise, from timestep 0 to 999; a row for each schedule of β. */
public final class NoiseSchedules {
    private static final int COLUMNS = 10;

    private NoiseSchedules() {}

    /** {@code NoiseSchedules PICTURE.png}. */
    public static void main(String[] args) {
        List<BufferedImage> pictures = new ArrayList<>();
        for (String schedule : List.of("linear", "scaled_linear", "squaredcos_cap_v2")) {
            pictures.addAll(row(SchedulerKind.DDPM.create(Map.of("beta_schedule", schedule)), schedule));
        }
        PngFile.write(Path.of(args[0]), ImageGrid.enlarge(ImageGrid.of(pictures, COLUMNS), 2));
    }

    /** What is made in the scope is freed at its end; pictures are plain Java objects. */
    private static List<BufferedImage> row(Scheduler scheduler, String name) {
        return TensorScope.compute(() -> {
            try (NoiseSource noise = NoiseSource.shared(0)) {
                Tensor digit = firstDigit();
                Tensor epsilon = noise.like(digit);
                List<BufferedImage> row = new ArrayList<>();
                for (int i = 0; i < COLUMNS; i++) {
                    double timestep = Math.rint(i * 999.0 / (COLUMNS - 1));
                    System.out.printf("%s, t = %.0f: SNR %.5f%n", name, timestep, scheduler.snr(timestep));
                    row.addAll(Images.fromSamples(scheduler.addNoise(digit, epsilon, timestep)));
                }
                return row;
            }
        });
    }

    /** {@code float32 (1, 1, 28, 28)} in [−1, 1], owned by the current scope. */
    private static Tensor firstDigit() {
        try (TrainingData digits = TrainingData.open(DataConfig.DEFAULT, SourceOptions.defaults());
                BatchLoader loader = digits.inOrder(1)) {
            return loader.next().images();
        }
    }
}
