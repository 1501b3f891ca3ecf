// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.Lanczos;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A picture that a call starts from in place of noise, with a mask of what is drawn anew: Meng et al. (2022), SDEdit; the kept region as
 * in Lugmayr et al. (2022), RePaint, without resampling. Owns its tensors.
 */
final class StartPicture implements AutoCloseable {
    private final Tensor picture;
    private final @Nullable Tensor mask;
    private final SampleCodec codec;
    private final boolean fromNoise;

    private StartPicture(Tensor picture, @Nullable Tensor mask, SampleCodec codec, boolean fromNoise) {
        this.picture = picture;
        this.mask = mask;
        this.codec = codec;
        this.fromNoise = fromNoise;
    }

    /**
     * Reads the files.
     *
     * @param size of the pictures that are drawn
     * @param codec borrowed
     * @return {@code null} where the call starts from noise
     * @throws Problem where a file cannot be read, or is of another size
     */
    static @Nullable StartPicture read(Inputs inputs, SampleSize size, SampleCodec codec) {
        if (inputs.picture() == null) {
            return null;
        }
        BufferedImage image = sized(inputs.picture(), "picture", size, codec);
        BufferedImage shape = inputs.mask() == null ? null : sized(inputs.mask(), "mask", size, codec);
        boolean fromNoise = shape != null && inputs.amount() == 1;
        return TensorScope.compute(() -> {
            Tensor picture = signed(image, codec.pictureChannels());
            Tensor mask = shape == null ? null : TensorScope.own(anew(shape, codec.scaleFactor()));
            return new StartPicture(TensorScope.own(picture), mask, codec, fromNoise);
        });
    }

    /** @throws Problem where a file cannot be read, or is of another size */
    static void check(Inputs inputs, SampleSize size, SampleCodec codec) {
        if (inputs.picture() != null) {
            sized(inputs.picture(), "picture", size, codec);
        }
        if (inputs.mask() != null) {
            sized(inputs.mask(), "mask", size, codec);
        }
    }

    /** Whether pictures of another size are resized, as diffusers does where samples are latents. */
    static boolean isResized(SampleCodec codec) {
        return codec.scaleFactor() > 1;
    }

    /** The picture's size, brought down to multiples of {@code factor}. */
    static SampleSize size(String file, int factor) {
        BufferedImage image = PictureFile.read(Path.of(file));
        int height = image.getHeight() - image.getHeight() % factor;
        int width = image.getWidth() - image.getWidth() % factor;
        if (height == 0 || width == 0) {
            throw Problem.request("{picture} '" + file + "' is " + image.getWidth() + "x" + image.getHeight()
                    + ", but must be at least " + factor + " pixels high and wide");
        }
        return new SampleSize(height, width);
    }

    private static BufferedImage sized(String file, String field, SampleSize size, SampleCodec codec) {
        BufferedImage image = PictureFile.read(Path.of(file));
        if (isResized(codec)) {
            return Lanczos.resize(image, size.width(), size.height());
        }
        if (image.getWidth() != size.width() || image.getHeight() != size.height()) {
            throw Problem.request("{" + field + "} " + file + " is " + image.getWidth() + "x" + image.getHeight()
                    + ", but pictures of " + size.text() + " are drawn: give one of that size, or another {size}");
        }
        return image;
    }

    /** {@code float32 (1, C', H, W)} in [−1, 1]. */
    private static Tensor signed(BufferedImage image, int channels) {
        Tensor colours = PictureFile.colours(image);
        Check.that(
                channels == 3 || channels == 1,
                "a network whose pictures have " + channels + " channels cannot start from a picture");
        Tensor pictures = channels == 3 ? colours : grey(colours);
        return pictures.mul(new Scalar(2.0)).sub(new Scalar(1.0));
    }

    /** The weights of ITU-R BT.601. */
    private static Tensor grey(Tensor colours) {
        Tensor weights = Tensors.ofDoubles(0.299, 0.587, 0.114).view(1, 3, 1, 1);
        return colours.mul(weights).sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
    }

    /** {@code float32 (1, 1, h, w)} of a sample's size: 1 where the mask is at least half white, else 0. */
    private static Tensor anew(BufferedImage mask, int factor) {
        Tensor white = grey(PictureFile.colours(mask)).ge(new Scalar(0.5)).to(ScalarType.Float);
        return white.slice(2, at(0), at(white.size(2)), factor)
                .slice(3, at(0), at(white.size(3)), factor)
                .contiguous();
    }

    private static org.bytedeco.pytorch.LongOptional at(long place) {
        return new org.bytedeco.pytorch.LongOptional(place);
    }

    /** The run of one batch of pictures. */
    final class BatchStart implements DenoisingLoop.Start, AfterStep {
        private final long count;
        private final Device device;
        private @Nullable Tensor clean;
        private @Nullable Tensor drawn;

        /** @param device where the samples stay */
        BatchStart(long count, Device device) {
            this.count = count;
            this.device = device;
        }

        /**
         * Draws what the codec draws, then the noise; both live as long as the scope around the run. With a mask the draws are those of
         * diffusers' inpainting: the picture's latent is drawn once, from the first picture's stream, for all; and again after the noise.
         */
        @Override
        public Tensor sample(SchedulerRun run, NoiseSource noise) {
            boolean isMasked = mask != null;
            Tensor one = picture.to(device, ScalarType.Float);
            Tensor original = isMasked
                    ? codec.encode(one, noise.ofFirst()).repeat(count, 1, 1, 1)
                    : codec.encode(one.repeat(count, 1, 1, 1), noise);
            Tensor epsilon = noise.like(original);
            if (isMasked) {
                TensorScope.run(
                        () -> codec.encode(one, noise.ofFirst())); // diffusers draws the masked picture's, unused
            }
            clean = original;
            drawn = epsilon;
            return fromNoise ? run.initialSample(epsilon) : run.addNoise(original, epsilon);
        }

        @Override
        public Tensor apply(Tensor sample, SchedulerRun run, NoiseSource noise) {
            if (mask == null || clean == null || drawn == null) {
                return sample;
            }
            Tensor original = clean;
            Tensor epsilon = drawn;
            Tensor white = mask;
            return TensorScope.keepResult(() -> {
                Tensor anew = white.to(sample.device(), ScalarType.Float);
                Tensor kept = run.addNoise(original, epsilon);
                return sample.mul(anew).add(kept.mul(anew.neg().add(new Scalar(1.0))));
            });
        }
    }

    @Override
    public void close() {
        picture.close();
        if (mask != null) {
            mask.close();
        }
    }
}
