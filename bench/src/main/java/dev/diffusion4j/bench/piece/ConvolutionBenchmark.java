// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** A 3×3 convolution of a U-Net's middle: 128 channels, batch 4, 32×32 pixels. */
public class ConvolutionBenchmark extends PieceBenchmark {
    @Param({"f32", "bf16"})
    public String dtype = "f32";

    @Param({"false", "true"})
    public boolean channelsLast;

    private final Conv2d layer = Conv2d.same(128, 128);
    private Tensor sample = new Tensor();

    @Setup
    public void prepare() {
        try (RandomStream random = new RandomStream(0)) {
            layer.initialize(random);
        }
        layer.convert(Devices.cpu(), type(dtype));
        layer.channelsLast(channelsLast);
        sample = ones(type(dtype), channelsLast, 4, 128, 32, 32);
    }

    @Benchmark
    public void forward() {
        discard(() -> layer.forward(sample));
    }

    @TearDown
    public void free() {
        sample.close();
        layer.close();
    }
}
