// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import org.bytedeco.pytorch.Tensor;

/** A stream that draws in a number format of fewer bits. */
record DtypeNoise(SeededStream stream, NoiseDtype dtype) implements NoiseSource {
    @Override
    public Tensor randn(long... shape) {
        return stream.randn(dtype, shape);
    }

    @Override
    public NoiseSource inFull() {
        return stream;
    }

    @Override
    public void close() {
        stream.close();
    }
}
