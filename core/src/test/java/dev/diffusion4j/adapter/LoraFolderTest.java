// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** peft's folder: replaced whole or not at all, and understood or refused by the name of what is wrong in it. */
class LoraFolderTest {
    private static final LoraConfig CONFIG = LoraConfig.DEFAULT.withTargets(List.of("w_v"));

    @TempDir
    Path folder;

    private static Map<String, String> contents(Path path) throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                all.put(
                        String.valueOf(file.getFileName()),
                        Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return all;
    }

    @Test
    void a_save_that_is_broken_off_leaves_the_old_adapter_whole_and_a_finished_one_replaces_it() throws IOException {
        Map<String, Object> sizes = Map.of(
                "sample_size", 8L, "in_channels", 1L, "block_out_channels", List.of(4L, 8L), "time_embed_dim", 8L);
        try (Model model = ModelKind.CROSS_ATTENTION_UNET.create(new TreeMap<>(sizes));
                RandomStream random = new RandomStream(2)) {
            model.initialize(random);
            Lora.inject(model, CONFIG, random);
            LoraFolder.write(folder, model, CONFIG, "base", null);
            Map<String, String> before = contents(folder);
            assertThat(before.keySet()).containsExactly("adapter_config.json", "adapter_model.safetensors");
            try (NoGradGuard guard = new NoGradGuard()) {
                Lora.weights(model).values().forEach(tensor -> Init.fill(tensor, 1));
            }
            Path weights = folder.resolve("adapter_model.safetensors");
            assertThatThrownBy(() -> AtomicFile.write(weights, out -> {
                        out.write(new byte[100_000]); // more than is buffered
                        throw new IOException("the disk is full");
                    }))
                    .isInstanceOf(Problem.class);
            Thread.currentThread().interrupt(); // the first byte to the disk fails
            try {
                assertThatThrownBy(() -> LoraFolder.write(folder, model, CONFIG, "base", null))
                        .isInstanceOf(Problem.class)
                        .hasMessageContainingAll("cannot write", "adapter_model.safetensors");
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(contents(folder)).isEqualTo(before);
            LoraFolder.write(folder, model, CONFIG, "base", null);
            assertThat(contents(folder).keySet()).isEqualTo(before.keySet());
            assertThat(contents(folder)).isNotEqualTo(before);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'alpha_pattern': {'*': 3}}          | alpha_pattern.* is 3",
                "{'alpha_pattern': {'to_q': 'three'}} | alpha_pattern.to_q is 'three'",
                "{'alpha_pattern': {'to_q': null}}    | alpha_pattern.to_q is 'null'",
                "{'alpha_pattern': 3}                 | alpha_pattern is '3'",
                "{'lora_alpha': 'sixteen'}            | lora_alpha is 'sixteen'",
                "{'lora_alpha': 16, 'r': '8'}         | r is '8'",
            })
    void a_number_that_is_none_is_named(String config, String said) throws IOException {
        write(config);
        assertThatThrownBy(() -> LoraAdapter.read(folder).close())
                .isInstanceOfSatisfying(
                        Problem.class, error -> assertThat(error.kind()).isEqualTo(Problem.Kind.FAILURE))
                .hasMessageContainingAll("adapter_config.json", said);
    }

    @Test
    void a_sound_config_is_read() throws IOException {
        write("{'lora_alpha': 16, 'r': 2, 'alpha_pattern': {'a.to_q': 4, 'to_[kv]': 1.5}}");
        LoraAdapter.read(folder).close();
    }

    private void write(String config) throws IOException {
        TensorScope.run(() -> Safetensors.write(
                folder.resolve("adapter_model.safetensors"),
                Map.of(
                        "a.to_q.lora_A.weight", Tensors.of(new float[8], 2, 4),
                        "a.to_q.lora_B.weight", Tensors.of(new float[8], 4, 2)),
                Map.of()));
        Files.writeString(folder.resolve("adapter_config.json"), config.replace('\'', '"'));
    }
}
