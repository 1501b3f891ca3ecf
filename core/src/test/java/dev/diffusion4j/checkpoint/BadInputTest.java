// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static dev.diffusion4j.checkpoint.Craft.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Craft.Pickle;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is broken, or made to do harm, gets one line and exit code 1 within a second or two, and leaves nothing behind. */
class BadInputTest {
    @TempDir
    Path folder;

    private static void assertRefused(Runnable body, String... words) {
        assertTimeout(Duration.ofSeconds(5), () -> assertThatThrownBy(body::run)
                .isInstanceOf(Problem.class)
                .satisfies(error -> assertThat(((Problem) error).kind()).isEqualTo(Problem.Kind.FAILURE))
                .satisfies(error -> assertThat(error.getMessage().lines()).hasSize(1))
                .hasMessageContainingAll(words));
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.diffusion4j.checkpoint.BrokenSafetensors#cases")
    void a_broken_safetensors_file_is_named_with_what_is_wrong(String what, byte[] bytes, String words)
            throws IOException {
        Path file = file("model.safetensors", bytes);
        assertRefused(() -> Safetensors.open(file), "model.safetensors", words);
        assertRefused(() -> WeightFiles.openFile(file), "model.safetensors", words);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.diffusion4j.checkpoint.BrokenPickles#cases")
    void a_broken_pickle_is_named_with_what_is_wrong(String what, byte[] pickle, String words) throws IOException {
        Path file = file("model.bin", Craft.zip(pickle, Map.of("0", new byte[16])));
        assertRefused(() -> WeightFiles.openFile(file), "model.bin", words);
    }

    static Stream<Arguments> otherFiles() {
        byte[] pickle = new Pickle().op('N').end();
        byte[] table = Craft.zip(pickle, Map.of());
        table[table.length - 6] ^= 1; // where the table begins
        return Stream.of(
                arguments(
                        "weights.bin", "PK no zip".getBytes(StandardCharsets.US_ASCII), "table of contents is missing"),
                arguments("weights.pt", "hello".getBytes(StandardCharsets.US_ASCII), "neither of the format of today"),
                arguments("weights.pth", new byte[0], "neither of the format of today"),
                arguments("weights.pkl", new Pickle().op(0x80, 2, 'N').end(), "a pickle, but not one of PyTorch"),
                arguments("notes.txt", "hello".getBytes(StandardCharsets.US_ASCII), "is not a file of weights"),
                arguments("moved.bin", table, "table of contents would have 1 records"),
                arguments("other.zip", zipWithout(), "is a zip file, but not one of PyTorch"),
                arguments(
                        "lfs.safetensors",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
                                .getBytes(StandardCharsets.US_ASCII),
                        "git lfs pull"));
    }

    private static byte[] zipWithout() {
        byte[] zip = Craft.zip(new byte[0], Map.of());
        String text = new String(zip, StandardCharsets.ISO_8859_1).replace("data.pkl", "data.txt");
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("otherFiles")
    void other_files_are_told_apart(String name, byte[] bytes, String words) throws IOException {
        Path file = file(name, bytes);
        assertRefused(() -> WeightFiles.openFile(file), name, words);
    }

    @Test
    void missing_files_and_folders_are_named() {
        assertRefused(() -> WeightFiles.openFile(folder.resolve("no.bin")), "no.bin", "no such file");
        assertRefused(() -> Safetensors.open(folder), "it is a folder");
        assertRefused(
                () -> WeightFiles.open(folder, null),
                "diffusion_pytorch_model.safetensors was expected, found an empty folder");
        assertRefused(() -> WeightFiles.open(folder, "fp16"), "diffusion_pytorch_model.fp16.safetensors was expected");
    }

    @Test
    void a_full_disk_leaves_the_old_file_and_nothing_else() throws IOException {
        Path target = Files.writeString(folder.resolve("weights"), "old");
        assertRefused(
                () -> AtomicFile.writeChannel(target, channel -> {
                    channel.write(ByteBuffer.allocate(1000));
                    throw new IOException("No space left on device");
                }),
                "cannot write " + target + ": No space left on device");
        assertThat(target).hasContent("old");
        assertThat(WeightFiles.listing(folder)).isEqualTo("weights");
    }

    @Test
    void weights_that_do_not_fit_are_listed_and_no_target_is_touched() throws IOException {
        Path file = file(
                "model.safetensors",
                Craft.safetensors(
                        "{"
                                + String.join(
                                        ",",
                                        BrokenSafetensors.A,
                                        tensor("long one", "F32", "[3]", 8, 20),
                                        tensor("whole", "I32", "[1]", 20, 24),
                                        tensor("x", "U8", "[0]", 24, 24))
                                + "}",
                        24));
        TensorScope.run(() -> {
            Tensor a = Tensors.of(new float[] {1, 1}, 2);
            Map<String, Tensor> targets = Map.of(
                    "a",
                    a,
                    "long one",
                    Tensors.empty(ScalarType.Float, 1, 3),
                    "whole",
                    Tensors.of(new float[1], 1),
                    "b",
                    a);
            try (WeightSource source = Safetensors.open(file)) {
                assertRefused(
                        () -> WeightLoader.load(source, targets, UnaryOperator.identity()),
                        "model.safetensors does not fit the network",
                        "1 tensor is missing (b)",
                        "1 tensor is not known to this network (x)",
                        "1 tensor is of the wrong shape (long one (3) instead of (1, 3))",
                        "1 tensor is of the wrong dtype (whole I32 instead of F32)");
                assertRefused(() -> WeightLoader.load(source, targets, name -> "a"), "given twice (a, a, a)");
            }
            assertThat(Tensors.floats(a)).containsExactly(1, 1);
        });
    }

    static Stream<Arguments> brokenIndexes() {
        return Stream.of(
                arguments("[]", "must hold a JSON object"),
                arguments("{}", "has no weight_map"),
                arguments("{\"weight_map\":{\"a\":1}}", "must be a plain file name, but is 1"),
                arguments("{\"weight_map\":{\"a\":\"../model.safetensors\"}}", "must be a plain file name"),
                arguments("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "must be a plain file name"),
                arguments("{\"weight_map\":{\"a\":\"C:\\\\x\"}}", "must be a plain file name"),
                arguments("{\"weight_map\":{\"a\":\"\"}}", "must be a plain file name"),
                arguments("{\"weight_map\":{\"a\":\"x\\u0000y\"}}", "must be a plain file name"),
                arguments("{\"weight_map\":{\"a\":\"gone.safetensors\"}}", "gone.safetensors: no such file"),
                arguments("{\"weight_map\":{\"b\":\"part.safetensors\"}}", "'b' is in part.safetensors, but it is not"),
                arguments("{\"weight_map\":{\"a\":\"part.safetensors\"}}", "does not list tensor 'c'"),
                arguments("{\"weight_map\":{\"a\":\"part.safetensors\",}}", "is not JSON"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenIndexes")
    void a_broken_index_is_named_with_what_is_wrong(String json, String words) throws IOException {
        file("part.safetensors", BrokenSafetensors.two(tensor("c", "F32", "[2]", 8, 16), 16));
        Files.writeString(folder.resolve(WeightFiles.STEM + ".safetensors.index.json"), json);
        assertRefused(() -> WeightFiles.open(folder, null), words);
    }

    /** 100 MB that describe much more: in a JVM of its own, whose heap is small. */
    @Test
    void hostile_files_do_not_fill_a_small_heap() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallHeap.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(output.lines().toList())
                .as(output)
                .hasSize(SmallHeap.CASES)
                .allMatch(line -> line.matches("[a-z ]+: .*(more than|too large|not JSON|ends in the middle).*"));
        assertThat(process.waitFor()).isZero();
    }
}
