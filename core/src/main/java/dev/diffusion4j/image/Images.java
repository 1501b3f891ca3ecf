// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Between samples and 8-bit pictures. */
public final class Images {
    private Images() {}

    /**
     * One picture for each sample; grey for one channel, RGB for three. A pixel is round(255·clamp(x/2 + ½, 0, 1)), as
     * diffusers' pipelines have it.
     *
     * @param samples (B, C, H, W), C 1 or 3, values in [−1, 1]
     */
    public static List<BufferedImage> fromSamples(Tensor samples) {
        return fromSamples(samples, -1, 1);
    }

    /**
     * One picture for each sample; a pixel is round(255·clamp((x − low)/(high − low), 0, 1)).
     *
     * @param samples (B, C, H, W), C 1 or 3
     * @param low what is black
     * @param high what is white
     */
    public static List<BufferedImage> fromSamples(Tensor samples, float low, float high) {
        Check.that(
                samples.dim() == 4 && (samples.size(1) == 1 || samples.size(1) == 3),
                "pictures need samples of 1 or 3 channels, but the shape is " + Shapes.text(samples));
        int channels = (int) samples.size(1);
        int height = (int) samples.size(2);
        int width = (int) samples.size(3);
        float[] values = Tensors.floats(samples);
        List<BufferedImage> images = new ArrayList<>();
        for (int image = 0; image < samples.size(0); image++) {
            images.add(picture(values, image * channels * height * width, channels, height, width, low, high));
        }
        return images;
    }

    private static BufferedImage picture(
            float[] values, int start, int channels, int height, int width, float low, float high) {
        int type = channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_3BYTE_BGR;
        BufferedImage image = new BufferedImage(width, height, type);
        int[] pixel = new int[channels];
        int plane = height * width;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < channels; c++) {
                    pixel[c] = toByte(values[start + c * plane + y * width + x], low, high);
                }
                image.getRaster().setPixel(x, y, pixel);
            }
        }
        return image;
    }

    /** round(255·clamp((x − low)/(high − low), 0, 1)), halves to even, as NumPy rounds; the same bits as x/2 + ½. */
    private static int toByte(float value, float low, float high) {
        float unit = Math.min(1, Math.max(0, (value - low) / (high - low)));
        return (int) Math.rint(unit * 255);
    }

    /**
     * The inverse: pixels to [−1, 1].
     *
     * @return {@code float32 (1, C, H, W)}, owned by the current scope
     */
    public static Tensor toSample(BufferedImage image, int channels) {
        int height = image.getHeight();
        int width = image.getWidth();
        float[] values = new float[channels * height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int rgb = Levels.argb(image, x, y);
                for (int c = 0; c < channels; c++) {
                    int level = channels == 1 ? image.getRaster().getSample(x, y, 0) : rgb >> (16 - 8 * c) & 0xff;
                    values[(c * height + y) * width + x] = level / 127.5f - 1;
                }
            }
        }
        return Tensors.of(values, 1, channels, height, width);
    }
}
