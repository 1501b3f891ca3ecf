// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** 64 MiB of f32 weights in sixteen tensors, read from the system's cache into tensors that are there already. */
public class SafetensorsBenchmark extends PieceBenchmark {
    @Param({"f32", "bf16"})
    public String dtype = "f32";

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private Path file = Path.of("");

    @Setup
    public void prepare() throws IOException {
        file = Files.createTempFile("weights", ".safetensors");
        Map<String, Tensor> written = new LinkedHashMap<>();
        for (int i = 0; i < 16; i++) {
            written.put("layer." + i, ones(ScalarType.Float, false, 1024, 1024));
            tensors.put("layer." + i, ones(type(dtype), false, 1024, 1024));
        }
        Safetensors.write(file, written, Map.of());
        written.values().forEach(Tensor::close);
    }

    @Benchmark
    public void read() {
        try (WeightSource source = WeightFiles.openFile(file)) {
            tensors.forEach(source::read);
        }
    }

    @TearDown
    public void free() throws IOException {
        tensors.values().forEach(Tensor::close);
        Files.deleteIfExists(file);
    }
}
