// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.Panels;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** What the forward process does to pictures: x = signal·x₀ + noise·ε with Gaussian ε. */
public final class NoisePictures {
    private static final int STRIP = 8;
    private static final int STRIP_SIDE = 64;
    private static final int GRID_ROWS = 10;
    private static final int GRID_COLUMNS = 15;
    private static final double[] TAUS = {0.001, 0.3, 0.7, 0.999};
    private static final double MAX_SIGNAL = 0.95;
    private static final double MIN_SIGNAL = 0.02;

    private final float[][] pictures;
    private final int channels;
    private final int side;
    private final long seed;

    /**
     * @param dataset borrowed
     * @param index of the first picture; further ones follow, and begin anew after the last
     * @param side of the squares they are brought to
     * @param seed of the noise
     */
    public NoisePictures(Dataset dataset, int index, int side, ResizeMode fit, long seed) {
        Check.inRange(index, 0, dataset.size() - 1, "index");
        StandardTransform transform = new StandardTransform(dataset.channels(), side, fit, false);
        this.channels = dataset.channels();
        this.side = side;
        this.seed = seed;
        pictures = new float[Math.min(STRIP, dataset.size())][channels * side * side];
        for (int i = 0; i < pictures.length; i++) {
            transform.apply(
                    dataset.example((index + i) % dataset.size()).image(), new SplittableRandom(0), pictures[i], 0);
        }
    }

    /** One x for its shares; owned by the current scope. */
    private Tensor noised(int picture, double signal, double noise, RandomStream random) {
        Tensor clean = Tensors.of(pictures[picture % pictures.length], 1, channels, side, side);
        return clean.mul(new Scalar(signal))
                .add(random.randn(1, channels, side, side).mul(new Scalar(noise)));
    }

    private interface Share {
        double[] of(int cell);
    }

    private List<BufferedImage> draw(int cells, boolean onePicture, Share share) {
        return TensorScope.compute(() -> {
            try (RandomStream random = new RandomStream(seed)) {
                TensorVector all = new TensorVector();
                for (int i = 0; i < cells; i++) {
                    double[] rates = share.of(i);
                    all.push_back(noised(onePicture ? 0 : i, rates[0], rates[1], random));
                }
                return Images.fromSamples(cat(all, 0));
            }
        });
    }

    private static double[] rates(NoiseSchedule schedule, int timestep) {
        double alphaBar = schedule.alphasCumprod(timestep);
        return new double[] {Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)};
    }

    /** Eight pictures, each at another of eight timesteps from the first to the last: 512×64 pixels, without borders. */
    public BufferedImage strip(NoiseSchedule schedule) {
        int last = schedule.numTrainTimesteps() - 1;
        List<BufferedImage> cells = draw(STRIP, false, i -> rates(schedule, i * last / (STRIP - 1)));
        BufferedImage strip = new BufferedImage(STRIP * STRIP_SIDE, STRIP_SIDE, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < STRIP; i++) {
            ImageGrid.paste(nearest(cells.get(i)), strip, i * STRIP_SIDE, 0);
        }
        return strip;
    }

    /** As torchvision's nearest neighbour brings it to 64×64. */
    private static BufferedImage nearest(BufferedImage cell) {
        BufferedImage out = new BufferedImage(STRIP_SIDE, STRIP_SIDE, cell.getType());
        for (int y = 0; y < STRIP_SIDE; y++) {
            for (int x = 0; x < STRIP_SIDE; x++) {
                int fromX = x * cell.getWidth() / STRIP_SIDE;
                int fromY = y * cell.getHeight() / STRIP_SIDE;
                for (int band = 0; band < cell.getRaster().getNumBands(); band++) {
                    out.getRaster().setSample(x, y, band, cell.getRaster().getSample(fromX, fromY, band));
                }
            }
        }
        return out;
    }

    /** One picture at every timestep where there are 150, else at 150 from the first to the last: 10 rows of 15. */
    public BufferedImage grid(NoiseSchedule schedule) {
        int cells = GRID_ROWS * GRID_COLUMNS;
        int last = schedule.numTrainTimesteps() - 1;
        return ImageGrid.of(
                draw(cells, true, i -> rates(schedule, (int) ((long) i * last / (cells - 1)))), GRID_COLUMNS);
    }

    /** One picture clean and at four times of the continuous cosine schedule, least noise first. */
    public BufferedImage panels() {
        List<BufferedImage> cells =
                draw(TAUS.length + 1, true, i -> i == 0 ? new double[] {1, 0} : continuousCosine(TAUS[i - 1]));
        List<String> titles = new ArrayList<>(List.of("clean"));
        for (double tau : TAUS) {
            titles.add(String.format(Locale.ROOT, "t = %s", tau));
        }
        return Panels.row(ImageGrid.visible(cells), titles);
    }

    /** Signal's and noise's share at time {@code tau}, 0 to 1: the angle grows evenly from acos 0.95 to acos 0.02. */
    static double[] continuousCosine(double tau) {
        double from = Math.acos(MAX_SIGNAL);
        double angle = from + tau * (Math.acos(MIN_SIGNAL) - from);
        return new double[] {Math.cos(angle), Math.sin(angle)};
    }
}
