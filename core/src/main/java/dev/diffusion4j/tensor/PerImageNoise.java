// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** A stream for each image of a batch. */
final class PerImageNoise implements NoiseSource {
    private final NoiseSource[] streams;

    private PerImageNoise(NoiseSource... streams) {
        this.streams = streams;
    }

    static PerImageNoise of(long firstSeed, int count, NoiseForm form) {
        Check.positive(count, "count");
        long[] seeds = new long[count];
        for (int k = 0; k < count; k++) {
            seeds[k] = firstSeed + k; // past 2⁶³−1 as well, as torch.manual_seed
        }
        return of(seeds, form);
    }

    static PerImageNoise of(long[] seeds, NoiseForm form) {
        return new PerImageNoise(Arrays.stream(seeds).mapToObj(form::open).toArray(NoiseSource[]::new));
    }

    @Override
    public Tensor randn(long... shape) {
        Check.that(
                shape.length > 0 && shape[0] == streams.length,
                "the batch has " + streams.length + " images, but noise was asked for " + Shapes.text(shape));
        return TensorScope.keepResult(() -> {
            long[] one = shape.clone();
            one[0] = 1;
            TensorVector drawn = new TensorVector();
            for (NoiseSource stream : streams) {
                drawn.push_back(stream.randn(one));
            }
            return cat(drawn, 0);
        });
    }

    @Override
    public NoiseSource ofFirst() {
        return streams[0];
    }

    @Override
    public NoiseSource inFull() {
        return new PerImageNoise(Arrays.stream(streams).map(NoiseSource::inFull).toArray(NoiseSource[]::new));
    }

    @Override
    public void close() {
        for (NoiseSource stream : streams) {
            stream.close();
        }
    }
}
