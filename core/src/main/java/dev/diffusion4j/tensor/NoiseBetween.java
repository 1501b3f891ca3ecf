// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Spherical interpolation between two streams: Shoemake (1985), as White (2016) has it for noise. */
final class NoiseBetween implements NoiseSource {
    private static final double PARALLEL = 1e-6;

    private final NoiseSource first;
    private final NoiseSource second;
    private final double[] shares;

    /** Closes the two streams with itself. */
    NoiseBetween(NoiseSource first, NoiseSource second, double... shares) {
        Check.positive(shares.length, "count");
        this.first = first;
        this.second = second;
        this.shares = shares.clone();
    }

    @Override
    public Tensor randn(long... shape) {
        Check.that(
                shape.length > 0 && shape[0] == shares.length,
                "the batch has " + shares.length + " images, but noise was asked for " + Shapes.text(shape));
        return TensorScope.keepResult(() -> {
            long[] one = shape.clone();
            one[0] = 1;
            Tensor from = first.randn(one);
            Tensor to = second.randn(one);
            double angle = angle(from, to);
            TensorVector all = new TensorVector();
            for (double share : shares) {
                all.push_back(
                        from.mul(new Scalar(weight(1 - share, angle))).add(to.mul(new Scalar(weight(share, angle)))));
            }
            return cat(all, 0);
        });
    }

    private static double angle(Tensor from, Tensor to) {
        double lengths = from.norm().item_double() * to.norm().item_double();
        return Math.acos(Math.max(-1, Math.min(1, from.mul(to).sum().item_double() / lengths)));
    }

    private static double weight(double share, double angle) {
        return Math.sin(angle) < PARALLEL ? share : Math.sin(share * angle) / Math.sin(angle);
    }

    /** The first seed's, whatever the image's share, so that an image is the same in every batch. */
    @Override
    public NoiseSource ofFirst() {
        return new NoiseBetween(first, second, 0);
    }

    @Override
    public NoiseSource inFull() {
        return new NoiseBetween(first.inFull(), second.inFull(), shares);
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
