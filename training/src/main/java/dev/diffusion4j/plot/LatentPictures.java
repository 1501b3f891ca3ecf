// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.PictureFit;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A picture on its way through an autoencoder.
 *
 * @param picture as it was encoded
 * @param latents each channel as a grey picture
 * @param decoded what comes back
 */
public record LatentPictures(BufferedImage picture, List<BufferedImage> latents, BufferedImage decoded) {
    public LatentPictures {
        latents = List.copyOf(latents);
    }

    /**
     * @param folder of a model whose samples are latents
     * @param side of the square that the picture's middle is brought to
     * @throws Problem where its samples are pictures
     */
    public static LatentPictures of(Path folder, BufferedImage picture, int side) {
        BufferedImage square = PictureFit.cover(picture, side, side);
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder);
                NoiseSource noise = NoiseSource.shared(0);
                NoGradGuard guard = new NoGradGuard()) {
            SampleCodec codec = pipeline.codec();
            if (codec.scaleFactor() == 1) {
                throw Problem.failure(folder + " has no autoencoder: its samples are pictures");
            }
            return TensorScope.compute(() -> {
                Tensor latents = codec.encode(Images.toSample(square, codec.pictureChannels()), noise);
                Tensor one = latents.transpose(0, 1).div(new Scalar(3.0)); // most lie within three deviations
                BufferedImage back =
                        Images.fromSamples(codec.preview(latents), 0, 1).get(0);
                return new LatentPictures(square, Images.fromSamples(one), back);
            });
        }
    }
}
