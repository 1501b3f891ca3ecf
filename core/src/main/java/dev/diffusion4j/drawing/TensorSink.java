// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.checkpoint.StreamedTensor;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes the tensor {@code samples}, {@code float32 (N, C, H, W)} before cutting, in the network's own range, or in [−1, 1] where it was
 * decoded from latents; those stand beside it as {@code latents}. The file, safetensors, appears when the last picture is drawn.
 */
public final class TensorSink implements PictureSink {
    private final Path file;
    private final Map<String, StreamedTensor> tensors = new LinkedHashMap<>();

    public TensorSink(Path file) {
        this.file = file;
    }

    @Override
    public void accept(DrawnPicture picture) {
        append("samples", picture, picture.sample());
        if (picture.latents() != null) {
            append("latents", picture, picture.latents());
        }
    }

    private void append(String name, DrawnPicture picture, Tensor tensor) {
        tensors.computeIfAbsent(name, absent -> {
                    long[] shape = Tensors.shape(tensor);
                    return new StreamedTensor(name, picture.count(), Arrays.copyOfRange(shape, 1, shape.length));
                })
                .append(tensor);
    }

    @Override
    public void complete() {
        if (!tensors.isEmpty()) {
            StreamedTensor.write(file, List.copyOf(tensors.values()), Map.of("format", "pt"));
        }
    }

    @Override
    public void close() {
        tensors.values().forEach(StreamedTensor::close);
    }
}
