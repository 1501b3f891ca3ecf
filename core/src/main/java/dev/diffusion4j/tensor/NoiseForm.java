// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

/**
 * What a seed's noise is, besides the seed.
 *
 * @param dtype the number format that it is drawn in
 * @param generator whose random numbers
 */
public record NoiseForm(NoiseDtype dtype, NoiseGenerator generator) {
    /** f32 of {@code torch.Generator("cpu")}. */
    public static final NoiseForm DEFAULT = new NoiseForm(NoiseDtype.F32, NoiseGenerator.CPU);

    /** @param seed all 64 bits count, read without a sign */
    NoiseSource open(long seed) {
        SeededStream stream = generator instanceof NoiseGenerator.Cuda cuda
                ? new CudaStream(seed, cuda.grid())
                : RandomStream.ofUnsigned(seed);
        return dtype == NoiseDtype.F32 ? stream : new DtypeNoise(stream, dtype);
    }
}
