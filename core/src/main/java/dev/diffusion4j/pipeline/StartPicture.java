// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.image.Lanczos;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Inputs;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The picture that a call is given, and its mask, as tensors, which it owns. */
final class StartPicture implements AutoCloseable {
    private final PictureUse use;
    private final Tensor picture;
    private final @Nullable Tensor mask;
    private final @Nullable Tensor masked;
    private final boolean fromNoise;

    private StartPicture(
            PictureUse use, Tensor picture, @Nullable Tensor mask, @Nullable Tensor masked, boolean fromNoise) {
        this.use = use;
        this.picture = picture;
        this.mask = mask;
        this.masked = masked;
        this.fromNoise = fromNoise;
    }

    /**
     * Reads the files.
     *
     * @param use what the call does with it
     * @param size of the pictures that are drawn
     * @param codec borrowed
     * @return {@code null} where no picture is given
     * @throws Problem where a file cannot be read, or is of another size
     */
    static @Nullable StartPicture read(Inputs inputs, PictureUse use, SampleSize size, SampleCodec codec) {
        if (inputs.picture() == null) {
            return null;
        }
        MaskCrop crop = MaskCrop.of(inputs, size);
        BufferedImage image =
                crop == null ? sized(inputs.picture(), "picture", size, codec) : crop.shown(crop.picture(), size);
        BufferedImage shape = crop != null
                ? crop.shown(crop.mask(), size)
                : inputs.mask() == null ? null : sized(inputs.mask(), "mask", size, codec);
        boolean fromNoise = shape != null && inputs.amount() == 1;
        return TensorScope.compute(() -> {
            Tensor picture = signed(image, codec.pictureChannels());
            if (shape == null) {
                return new StartPicture(use, TensorScope.own(picture), null, null, fromNoise);
            }
            Tensor white = white(shape);
            Tensor masked = picture.mul(white.neg().add(new Scalar(1.0)));
            Tensor mask = TensorScope.own(everyNth(white, codec.scaleFactor()));
            return new StartPicture(use, TensorScope.own(picture), mask, TensorScope.own(masked), fromNoise);
        });
    }

    PictureUse use() {
        return use;
    }

    /** {@code float32 (1, C', H, W)} in [−1, 1], on the CPU; borrowed. */
    Tensor picture() {
        return picture;
    }

    /** {@code float32 (1, 1, h, w)} of a sample's size, on the CPU: 1 where it is drawn anew, else 0; borrowed. */
    Tensor mask() {
        return Check.given(mask, "{mask}");
    }

    /** The picture, grey (0) where it is drawn anew; borrowed. */
    Tensor masked() {
        return Check.given(masked, "{mask}");
    }

    /** Whether a masked region is drawn from pure noise, and not from the picture with noise. */
    boolean fromNoise() {
        return fromNoise;
    }

    /** @throws Problem where a file cannot be read, or is of another size */
    static void check(Inputs inputs, SampleSize size, SampleCodec codec) {
        if (MaskCrop.of(inputs, size) != null) {
            return;
        }
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

    /**
     * A picture of the size that is drawn.
     *
     * @param field for messages
     * @throws Problem where the file cannot be read, or is of another size and cannot be resized
     */
    static BufferedImage sized(String file, String field, SampleSize size, SampleCodec codec) {
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

    /** {@code float32 (1, 1, H, W)}: 1 where the mask is at least half white, else 0. */
    private static Tensor white(BufferedImage mask) {
        return grey(PictureFile.colours(mask)).ge(new Scalar(0.5)).to(ScalarType.Float);
    }

    /** The nearest of the larger size for each place of the smaller one. */
    private static Tensor everyNth(Tensor white, int factor) {
        return white.slice(2, at(0), at(white.size(2)), factor)
                .slice(3, at(0), at(white.size(3)), factor)
                .contiguous();
    }

    private static org.bytedeco.pytorch.LongOptional at(long place) {
        return new org.bytedeco.pytorch.LongOptional(place);
    }

    @Override
    public void close() {
        picture.close();
        if (mask != null) {
            mask.close();
        }
        if (masked != null) {
            masked.close();
        }
    }
}
