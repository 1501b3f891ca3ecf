// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** A stream for each image of a batch. */
final class PerImageNoise implements NoiseSource {
    private final RandomStream[] streams;

    PerImageNoise(long firstSeed, int count) {
        Check.positive(count, "count");
        streams = new RandomStream[count];
        for (int k = 0; k < count; k++) {
            streams[k] = RandomStream.ofUnsigned(firstSeed + k); // past 2⁶³−1 as well, as torch.manual_seed
        }
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
            for (RandomStream stream : streams) {
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
    public void close() {
        for (RandomStream stream : streams) {
            stream.close();
        }
    }
}
