// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.checkpoint.StreamedTensor;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes one tensor {@code samples}, {@code float32 (N, C, H, W)}, in the network's own range and before cutting, as safetensors. The
 * file appears when the last picture is drawn.
 */
public final class TensorSink implements PictureSink {
    private final Path file;
    private @Nullable StreamedTensor samples;

    public TensorSink(Path file) {
        this.file = file;
    }

    @Override
    public void accept(DrawnPicture picture) {
        if (samples == null) {
            long[] shape = Tensors.shape(picture.sample());
            samples = new StreamedTensor("samples", picture.count(), Arrays.copyOfRange(shape, 1, shape.length));
        }
        samples.append(picture.sample());
    }

    @Override
    public void complete() {
        if (samples != null) {
            samples.write(file, Map.of("format", "pt"));
        }
    }

    @Override
    public void close() {
        if (samples != null) {
            samples.close();
        }
    }
}
