// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import static org.bytedeco.pytorch.global.torch.grid_sampler;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A random part of a picture, turned a little and perhaps mirrored, so that a gradient is not fooled by single pixels: the augmentations of
 * Hugging Face diffusion course, unit 2. The draws are torchvision's, number by number: {@code RandomResizedCrop(size)},
 * {@code RandomAffine(5)}, {@code RandomHorizontalFlip()}.
 *
 * @param top first row
 * @param left first column
 * @param height of the part
 * @param width of the part
 * @param degrees counter-clockwise
 * @param mirrored left and right
 */
public record PictureCut(int top, int left, int height, int width, double degrees, boolean mirrored) {
    private static final double SMALLEST_AREA = 0.08;
    private static final double NARROWEST = 3.0 / 4;
    private static final double WIDEST = 4.0 / 3;
    private static final int TRIES = 10;
    private static final double MOST_DEGREES = 5;
    private static final double MIRRORED_SHARE = 0.5;
    /** LibTorch's numbers for "nearest" and "zeros". */
    private static final long NEAREST = 1;

    private static final long ZEROS = 0;

    /** @param random to draw from; six numbers where the first part fits into the picture */
    public static PictureCut draw(RandomStream random, int height, int width) {
        int[] part = part(random, height, width);
        double degrees = uniform(random, -MOST_DEGREES, MOST_DEGREES);
        boolean mirrored = TensorScope.compute(() -> random.rand(1).item_float()) < MIRRORED_SHARE;
        return new PictureCut(part[0], part[1], part[2], part[3], degrees, mirrored);
    }

    private static int[] part(RandomStream random, int height, int width) {
        for (int i = 0; i < TRIES; i++) {
            double area = (double) height * width * uniform(random, SMALLEST_AREA, 1);
            double logarithm = uniform(random, (float) Math.log(NARROWEST), (float) Math.log(WIDEST));
            double aspect = (float) Math.exp(logarithm);
            int w = (int) Math.rint(Math.sqrt(area * aspect));
            int h = (int) Math.rint(Math.sqrt(area / aspect));
            if (w > 0 && w <= width && h > 0 && h <= height) {
                return new int[] {whole(random, height - h + 1), whole(random, width - w + 1), h, w};
            }
        }
        double aspect = (double) width / height;
        int w = aspect > WIDEST ? (int) Math.rint(height * WIDEST) : width;
        int h = aspect < NARROWEST ? (int) Math.rint(width / NARROWEST) : height;
        return new int[] {(height - h) / 2, (width - w) / 2, h, w};
    }

    private static double uniform(RandomStream random, double low, double high) {
        return TensorScope.compute(() -> {
            Tensor drawn = Tensors.ofDoubles(0);
            random.uniform(drawn, low, high);
            return (double) drawn.item_float();
        });
    }

    private static int whole(RandomStream random, int high) {
        return TensorScope.compute(() -> (int) random.randint(high, 1).item_long());
    }

    /**
     * The same part of all pictures; differentiable.
     *
     * @param pictures {@code float32 (B, C, H, W)}
     * @return {@code float32 (B, C, size, size)}; what the turn brings in from outside is 0; owned by the current scope
     */
    public Tensor apply(Tensor pictures, int size) {
        return TensorScope.keepResult(() -> {
            Tensor cut = pictures.narrow(2, top, height).narrow(3, left, width);
            Tensor turned = grid_sampler(
                    Resize.BILINEAR.to(cut, size, size),
                    grid(size).expand(pictures.size(0), size, size, 2),
                    NEAREST,
                    ZEROS,
                    false);
            return mirrored ? turned.flip(3) : turned;
        });
    }

    /** Where each pixel comes from, in [−1, 1]: (1, size, size, 2). */
    private Tensor grid(int size) {
        float cos = (float) Math.cos(Math.toRadians(degrees));
        float sin = (float) Math.sin(Math.toRadians(degrees));
        float half = 0.5f * size;
        Tensor places = torch.arange(new org.bytedeco.pytorch.Scalar((long) size))
                .to(torch.ScalarType.Float)
                .add(new org.bytedeco.pytorch.Scalar(0.5 - half));
        Tensor x = places.view(1, 1, size, 1).expand(1, size, size, 1);
        Tensor y = places.view(1, size, 1, 1).expand(1, size, size, 1);
        Tensor base = torch.cat(new org.bytedeco.pytorch.TensorVector(x, y), 3).view(1, (long) size * size, 2);
        Tensor turn = Tensors.of(new float[] {cos / half, -sin / half, sin / half, cos / half}, 1, 2, 2);
        return base.bmm(turn).view(1, size, size, 2);
    }
}
