// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.scheduler.SampleRange;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** The samples of one call; close it to free them. */
public final class GenerationResult implements AutoCloseable {
    private final Tensor samples;
    private final SampleRange range;

    GenerationResult(Tensor samples, SampleRange range) {
        this.samples = samples;
        this.range = range;
    }

    /** {@code float32 (N, C, H, W)} on the CPU, in the network's own range, not clamped; owned by this result. */
    public Tensor samples() {
        return samples;
    }

    /** Writes one tensor {@code samples}, {@code float32 (N, C, H, W)}, in the network's own range. */
    public void saveTensors(Path file) {
        Safetensors.write(file, Map.of("samples", samples), Map.of("format", "pt"));
    }

    /** What is black and what is white in {@link #samples()}. */
    public SampleRange range() {
        return range;
    }

    /** As 8-bit pictures. */
    public List<BufferedImage> images() {
        return Images.fromSamples(samples, range.low(), range.high());
    }

    @Override
    public void close() {
        samples.close();
    }
}
