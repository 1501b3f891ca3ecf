// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the files that oracle/golden_safetensors.py made with the reference's package. */
class SafetensorsTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"everything", "plain", "nothing"})
    void reading_and_writing_a_file_gives_the_references_bytes(String name) throws IOException {
        Path original = Golden.path("safetensors/" + name + ".safetensors");
        Path copy = folder.resolve("copy.safetensors");
        TensorScope.run(() -> {
            try (Safetensors source = Safetensors.open(original)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                source.tensors().keySet().forEach(key -> tensors.put(key, source.read(key)));
                Safetensors.write(copy, tensors, source.metadata());
            }
        });
        assertThat(Files.readAllBytes(copy)).isEqualTo(Files.readAllBytes(original));
    }

    @Test
    void every_dtype_and_rank_is_read() {
        TensorScope.run(() -> {
            try (Safetensors source = Safetensors.open(Golden.path("safetensors/everything.safetensors"))) {
                for (DType dtype : DType.values()) {
                    assertThat(source.tensors().values()).anyMatch(info -> info.dtype() == dtype);
                }
                for (String name :
                        List.of("float16", "bfloat16", "float32", "float64", "float8_e8m0fnu", "float8_e5m2fnuz")) {
                    assertThat(Tensors.floats(source.read(name))).as(name).containsExactly(1, 2, 0.5f);
                }
                assertThat(source.read("scalar").dim()).isZero();
                assertThat(Tensors.floats(source.read("scalar"))).containsExactly(3.5f);
                assertThat(Tensors.shape(source.read("empty"))).containsExactly(0, 3);
                Tensor target = Tensors.empty(ScalarType.BFloat16, 0, 3);
                source.read("empty", target);
                assertThat(source.metadata()).containsEntry("note", "größe\t\"x\"");
            }
        });
    }

    @Test
    void numbers_smaller_than_a_byte_are_refused_with_the_tensors_name() {
        assertThatThrownBy(() -> Safetensors.open(Golden.path("safetensors/half_bytes.safetensors")))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("tensor 'tiny' has the dtype F4, whose numbers are smaller than a byte");
    }

    @Test
    void tensors_larger_than_the_buffer_are_converted_piece_by_piece() {
        TensorScope.run(() -> {
            int rows = 3000;
            int columns = 3001; // 36 MB of f32: several pieces, none of whole rows only
            Tensor big = org.bytedeco
                    .pytorch
                    .global
                    .torch
                    .arange(new org.bytedeco.pytorch.Scalar((long) rows * columns))
                    .to(ScalarType.Float)
                    .view(rows, columns);
            Path file = folder.resolve("big.safetensors");
            Safetensors.write(file, Map.of("big", big.t()), Map.of());
            try (Safetensors source = Safetensors.open(file)) {
                Tensor target = Tensors.empty(ScalarType.Double, rows, columns);
                source.read("big", target.t());
                assertThat(target.equal(big.to(ScalarType.Double))).isTrue();
                assertThat(source.read("big").equal(big.t())).isTrue();
            }
        });
    }

    @Test
    void a_file_that_is_cut_while_it_is_open_gives_an_error() throws IOException {
        Path file = folder.resolve("cut.safetensors");
        TensorScope.run(() -> Safetensors.write(file, Map.of("w", Tensors.of(new float[1000], 1000)), Map.of()));
        try (Safetensors source = Safetensors.open(file);
                FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(2000);
            assertThatThrownBy(() -> source.read("w"))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("cut short");
        }
    }

    @Test
    @Tag("slow")
    void a_file_over_two_gibibytes_is_read_and_written() throws IOException {
        long count = (1L << 31) + 12345;
        String header = "{\"big\":{\"dtype\":\"U8\",\"shape\":[" + count + "],\"data_offsets\":[0," + count + "]},"
                + "\"tail\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[" + count + "," + (count + 2) + "]}}";
        Path file = folder.resolve("large.safetensors");
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            ByteBuffer start = ByteBuffer.allocate(8 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(start.putLong(header.length()).put(header.getBytes()).flip());
            channel.write(ByteBuffer.wrap(new byte[] {7, 8, 9}), start.limit() + count - 1);
        }
        Path copy = folder.resolve("copy.safetensors");
        TensorScope.run(() -> {
            try (Safetensors source = Safetensors.open(file)) {
                Tensor big = source.read("big");
                assertThat(big.numel()).isEqualTo(count);
                assertThat(Tensors.bytes(big.narrow(0, count - 2, 2))).containsExactly(0, 7);
                Safetensors.write(copy, Map.of("big", big, "tail", source.read("tail")), Map.of());
            }
        });
        try (Safetensors source = Safetensors.open(copy)) {
            TensorScope.run(() -> assertThat(Tensors.bytes(source.read("tail"))).containsExactly(8, 9));
        }
        assertThat(Files.size(copy) - count - 2).isLessThan(300);
    }
}
