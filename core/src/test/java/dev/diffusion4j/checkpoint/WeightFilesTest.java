// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightFilesTest {
    @TempDir
    Path folder;

    private void weights(String name, float value) {
        TensorScope.run(() ->
                Safetensors.write(folder.resolve(name), Map.of("w", Tensors.of(new float[] {value}, 1)), Map.of()));
    }

    private void index(String name, String shard) throws IOException {
        Files.writeString(folder.resolve(name), "{\"metadata\":{},\"weight_map\":{\"w\":\"" + shard + "\"}}");
    }

    private float opened(@Nullable String variant) {
        try (WeightSource source = WeightFiles.open(folder, variant)) {
            return TensorScope.compute(() -> Tensors.floats(source.read("w"))[0]);
        }
    }

    @Test
    void files_are_preferred_as_diffusers_does() throws IOException {
        List<String> worstFirst = List.of(
                WeightFiles.STEM + ".bf16.safetensors",
                WeightFiles.STEM + ".fp16.bin",
                WeightFiles.STEM + ".fp16.safetensors",
                WeightFiles.STEM + ".bin", // what is in a file decides how it is read
                WeightFiles.STEM + ".safetensors");
        for (int i = 0; i < worstFirst.size(); i++) {
            weights(worstFirst.get(i), i);
            assertThat(opened(null)).as(worstFirst.get(i)).isEqualTo(i);
        }
        weights("shard-1.safetensors", 100);
        index(WeightFiles.STEM + ".safetensors.index.json", "shard-1.safetensors");
        assertThat(opened(null)).isEqualTo(100);
        assertThat(opened("fp16")).isEqualTo(2);
        weights("shard-2.safetensors", 200);
        index(WeightFiles.STEM + ".safetensors.index.fp16.json", "shard-2.safetensors");
        assertThat(opened("fp16")).isEqualTo(200);
    }

    @Test
    void shards_may_be_of_either_kind() throws IOException {
        Files.copy(Golden.path("pickle/protocol4.bin"), folder.resolve("part one.bin"));
        weights("part-2.safetensors", 7);
        Files.writeString(
                folder.resolve(WeightFiles.STEM + ".bin.index.json"),
                "{\"weight_map\":{\"w\":\"part-2.safetensors\",\"a\":\"part one.bin\",\"b.c\":\"part one.bin\"}}");
        try (WeightSource source = WeightFiles.open(folder, null)) {
            assertThat(source.tensors().keySet()).containsExactly("w", "a", "b.c");
            TensorScope.run(() -> assertThat(Tensors.longs(source.read("a"))).containsExactly(0, 1, 2));
        }
    }

    @Test
    void a_save_replaces_the_files_of_an_earlier_save_whatever_they_were() {
        TensorScope.run(() -> {
            Map<String, Tensor> weights = new TreeMap<>();
            for (int i = 0; i < 5; i++) {
                weights.put("w" + i, Tensors.of(new float[] {i, 0.1f}, 2));
            }
            weights("other.safetensors", 5);
            new WeightWriter(null).write(folder, weights, 16);
            assertThat(WeightFiles.listing(folder)).contains("-00003-of-00003.safetensors", ".index.json");
            assertThat(read(null)).isEqualTo("0.1 1.1 2.1 3.1 4.1");
            new WeightWriter("bf16").write(folder, weights, 1); // a tensor is not split
            assertThat(WeightFiles.listing(folder)).contains(".bf16-00005-of-00005.safetensors", ".index.bf16.json");
            assertThat(read("bf16")).isEqualTo("0.100097656 1.1000977 2.1000977 3.1000977 4.1000977");
            new WeightWriter(null).write(folder, weights, 24);
            new WeightWriter("bf16").write(folder, weights, 1000);
            assertThat(WeightFiles.listing(folder))
                    .isEqualTo(Stream.of("-00001-of-00002", "-00002-of-00002", ".bf16", ".safetensors.index.json")
                                    .map(end -> WeightFiles.STEM + (end.endsWith("json") ? end : end + ".safetensors"))
                                    .collect(Collectors.joining(", "))
                            + ", other.safetensors");
            new WeightWriter(null).write(folder, weights, 1000);
            new WeightWriter("fp16").write(folder, weights, 1000);
            assertThat(read(null)).isEqualTo("0.1 1.1 2.1 3.1 4.1");
            assertThat(WeightFiles.listing(folder)).doesNotContain("of", "json");
        });
        assertThatThrownBy(() -> new WeightWriter("f16")).hasMessageContaining("bf16, fp16");
    }

    private String read(@Nullable String variant) {
        try (WeightSource source = WeightFiles.open(folder, variant)) {
            return source.tensors().keySet().stream()
                    .sorted()
                    .map(name -> Tensors.floats(source.read(name)))
                    .map(pair -> String.valueOf(pair[0] + pair[1]))
                    .collect(Collectors.joining(" "));
        }
    }

    @Test
    void weights_are_converted_to_the_networks_number_format_and_each_is_used_once() {
        TensorScope.run(() -> {
            Safetensors.write(
                    folder.resolve("old names.safetensors"),
                    Map.of("old.w", Tensors.of(new float[] {1, 2, 3, 4}, 2, 2).t(), "b", Tensors.ofDoubles(5)),
                    Map.of());
            Map<String, Tensor> network =
                    Map.of("w", Tensors.empty(ScalarType.BFloat16, 2, 2).t(), "b", Tensors.empty(ScalarType.Half, 1));
            try (WeightSource source = WeightFiles.openFile(folder.resolve("old names.safetensors"))) {
                WeightLoader.load(source, network, name -> name.replace("old.", ""));
            }
            assertThat(Tensors.floats(network.get("w"))).containsExactly(1, 3, 2, 4);
            assertThat(Tensors.floats(network.get("b"))).containsExactly(5);
        });
    }

    @Test
    void asking_for_what_is_not_there_is_a_mistake_of_the_program() {
        weights("w.safetensors", 1);
        try (WeightSource source = WeightFiles.openFile(folder.resolve("w.safetensors"))) {
            assertThatThrownBy(() -> source.read("v"))
                    .isNotInstanceOf(Problem.class)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("there is no tensor 'v'");
            TensorScope.run(() -> assertThatThrownBy(() -> source.read("w", Tensors.empty(ScalarType.Float, 2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("has the shape (1), the target (2)"));
        }
    }
}
