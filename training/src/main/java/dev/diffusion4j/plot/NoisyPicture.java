// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.PictureFit;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Anybody's picture with as much noise as is asked for, always the same noise: x = signal·x₀ + noise·ε. */
public final class NoisyPicture {
    private static final int COLOURS = 3;

    private final BufferedImage square;
    private final long seed;

    /**
     * @param side of the square that its middle is brought to
     * @param seed of the noise
     */
    public NoisyPicture(BufferedImage picture, int side, long seed) {
        this.square = PictureFit.cover(picture, Check.inRange(side, 8, 1024, "side"), side);
        this.seed = seed;
    }

    /** With the noise of a timestep. */
    public BufferedImage at(NoiseSchedule schedule, int timestep) {
        Check.inRange(timestep, 0, schedule.numTrainTimesteps() - 1, "timestep");
        double alphaBar = schedule.alphasCumprod(timestep);
        return mixed(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar));
    }

    /** With the noise of a time from 0 to 1, whose angle grows evenly from acos 0.95 to acos 0.02. */
    public BufferedImage at(double time) {
        double[] rates = NoisePictures.continuousCosine(Check.inRange(time, 0, 1, "time"));
        return mixed(rates[0], rates[1]);
    }

    private BufferedImage mixed(double signal, double noise) {
        return TensorScope.compute(() -> {
            try (NoiseSource source = NoiseSource.shared(seed)) {
                Tensor clean = Images.toSample(square, COLOURS);
                Tensor epsilon = source.like(clean);
                return Images.fromSamples(clean.mul(new Scalar(signal)).add(epsilon.mul(new Scalar(noise))))
                        .get(0);
            }
        });
    }
}
