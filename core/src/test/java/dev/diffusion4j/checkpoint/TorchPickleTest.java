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
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the files that oracle/golden_pickle.py made with torch.save. */
class TorchPickleTest {
    private static final Path FOLDER = Golden.path("pickle");

    static List<String> honestFiles() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".bin") && !name.startsWith("evil"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("honestFiles")
    void every_tensor_is_what_torch_reads(String name) {
        TensorScope.run(() -> {
            try (WeightSource expected = Safetensors.open(FOLDER.resolve("expected.safetensors"));
                    WeightSource actual = WeightFiles.openFile(FOLDER.resolve(name))) {
                String prefix = name + "/";
                List<String> names = expected.tensors().keySet().stream()
                        .filter(key -> key.startsWith(prefix))
                        .map(key -> key.substring(prefix.length()))
                        .toList();
                assertThat(names).isNotEmpty();
                assertThat(actual.tensors().keySet()).containsExactlyInAnyOrderElementsOf(names);
                for (String key : names) {
                    TensorInfo info = expected.tensors().get(prefix + key);
                    assertThat(actual.tensors().get(key)).isEqualTo(new TensorInfo(key, info.dtype(), info.shape()));
                    assertThat(Bits.of(actual.read(key))).as(key).isEqualTo(Bits.of(expected.read(prefix + key)));
                }
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"views.bin", "views_legacy.bin", "big_endian.bin", "deflated.bin"})
    void numbers_are_converted_into_a_target_of_any_dtype_and_layout(String name) {
        TensorScope.run(() -> {
            try (WeightSource source = TorchPickle.open(FOLDER.resolve(name))) {
                source.tensors().forEach((key, info) -> {
                    if (info.dtype() == DType.C64) {
                        return;
                    }
                    long[] flipped = info.sizes();
                    for (int i = 0; i < flipped.length / 2; i++) {
                        long swap = flipped[i];
                        flipped[i] = flipped[flipped.length - 1 - i];
                        flipped[flipped.length - 1 - i] = swap;
                    }
                    long[] order = new long[flipped.length];
                    Arrays.setAll(order, i -> order.length - 1 - i);
                    Tensor target = Tensors.empty(ScalarType.Double, flipped).permute(order);
                    source.read(key, target);
                    Tensor expected = source.read(key).to(ScalarType.Double);
                    assertThat(Bits.of(target)).as(key).isEqualTo(Bits.of(expected));
                });
            }
        });
    }

    @Test
    void channels_last_targets_keep_their_layout() {
        TensorScope.run(() -> {
            try (WeightSource source = TorchPickle.open(FOLDER.resolve("views.bin"))) {
                Tensor target = Tensors.empty(ScalarType.Float, 1, 2, 2, 4).contiguous(MemoryFormat.ChannelsLast);
                source.read("channels_last", target);
                assertThat(target.is_contiguous(MemoryFormat.ChannelsLast)).isTrue();
                assertThat(Tensors.floats(target))
                        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            }
        });
    }

    @Test
    void a_part_of_a_checkpoint_has_its_own_names() {
        try (WeightSource source =
                TorchPickle.open(FOLDER.resolve("checkpoint.bin")).under("state_dict")) {
            assertThat(source.tensors().keySet())
                    .containsExactly(
                            "0.weight",
                            "0.bias",
                            "1.weight",
                            "1.bias",
                            "1.running_mean",
                            "1.running_var",
                            "1.num_batches_tracked");
            TensorScope.run(() -> assertThat(Tensors.longs(source.read("1.num_batches_tracked")))
                    .containsExactly(1));
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"evil_zip.bin", "evil_legacy.bin", "evil_plain.bin"})
    void a_file_that_wants_to_run_a_command_is_refused_by_the_commands_name(String name) {
        assertThatThrownBy(() -> WeightFiles.openFile(FOLDER.resolve(name)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining(name)
                .hasMessageContaining("calls 'posix.system'; such files are not opened");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"one_tensor.bin", "zip64.bin", "views_legacy.bin"})
    void a_file_that_was_cut_short_anywhere_gives_an_error(String name) throws IOException {
        byte[] whole = Files.readAllBytes(FOLDER.resolve(name));
        for (int length = 0; length < whole.length; length++) {
            ByteSource cut = new MemoryBytes(Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> TorchPickle.read(cut, name)).isInstanceOf(Problem.class);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"one_tensor.bin", "zip64.bin", "deflated.bin", "views_legacy.bin"})
    void a_file_with_any_byte_changed_is_read_or_gives_an_error(String name) throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));
        for (int i = 0; i < bytes.length; i++) {
            for (int flip : new int[] {0xff, 0x01, 0x80}) {
                bytes[i] ^= (byte) flip;
                FuzzTargets.TORCH_PICKLE.run(bytes);
                bytes[i] ^= (byte) flip;
            }
        }
    }
}
