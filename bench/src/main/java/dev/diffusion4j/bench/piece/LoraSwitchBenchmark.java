// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A service changes from one LoRA to another: the file, in the system's cache, is read and put beside the weights of Stable Diffusion 1.5's denoiser (random
 * numbers, 3.5 GB). The file holds products for all of its attention, as most do, in f16.
 */
public class LoraSwitchBenchmark extends PieceBenchmark {
    @Param({"16", "128"})
    public int rank = 16;

    private Path file = Path.of("");
    private final DiffusionModel denoiser = unet();

    private static DiffusionModel unet() {
        return (DiffusionModel) ModelKind.UNET_2D_CONDITION.create(
                Map.of("cross_attention_dim", 768L, "attention_head_dim", 8L, "sample_size", 64L));
    }

    @Setup
    public void prepare() throws IOException {
        try (RandomStream random = new RandomStream(0)) {
            denoiser.initialize(random);
        }
        denoiser.channelsLast(true);
        denoiser.freeze();
        file = Files.createTempFile("adapter", ".safetensors");
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            Adaptable.in(denoiser).forEach((name, layer) -> {
                long[] shape = Tensors.shape(layer.weight());
                if (name.contains(".transformer_blocks.") && shape.length == 2) {
                    String key = "lora_unet_" + name.replace('.', '_');
                    tensors.put(key + ".lora_down.weight", ones(ScalarType.Half, false, rank, shape[1]));
                    tensors.put(key + ".lora_up.weight", ones(ScalarType.Half, false, shape[0], rank));
                }
            });
            Safetensors.write(file, tensors, Map.of());
            tensors.values().forEach(Tensor::close);
        });
    }

    /** With the view that is left closed again. */
    @Benchmark
    public void switchAdapter() {
        try (LoraAdapter adapter = LoraAdapter.read(file);
                LoraView view =
                        LoraView.of(Map.of(LoraComponent.UNET, denoiser), List.of(new LoraView.Use(adapter, 0.8)))) {
            view.choices();
        }
    }

    @TearDown
    public void free() throws IOException {
        denoiser.close();
        Files.deleteIfExists(file);
    }
}
