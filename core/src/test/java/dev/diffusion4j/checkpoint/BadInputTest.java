// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static dev.diffusion4j.checkpoint.Craft.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
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
    private static final String A = tensor("a", "F32", "[2]", 0, 8);

    @TempDir
    Path folder;

    private static void assertRefused(Runnable body, String... words) {
        assertTimeout(Duration.ofSeconds(5), () -> assertThatThrownBy(body::run)
                .isInstanceOf(UserError.class)
                .satisfies(error -> assertThat(((UserError) error).exitCode()).isEqualTo(1))
                .satisfies(error -> assertThat(error.getMessage().lines()).hasSize(1))
                .hasMessageContainingAll(words));
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    static Stream<Arguments> brokenSafetensors() {
        String deep = "[".repeat(100_000);
        return Stream.of(
                arguments("an empty file", new byte[0], "it has only 0 bytes"),
                arguments("a header longer than the file", longHeader(1000), "its header would have 1000 bytes of 16"),
                arguments("a header of 2^63 bytes", longHeader(1L << 63), "9223372036854775808 bytes"),
                arguments("a header of 4 GiB", longHeader(1L << 32), "4294967296 bytes"),
                arguments("no JSON", Craft.safetensors("[]", 0), "does not begin with '{'"),
                arguments("half a JSON", Craft.safetensors("{" + A, 8), "is not JSON"),
                arguments("two JSONs", Craft.safetensors("{" + A + "}{}", 8), "more text follows"),
                arguments("deep JSON", Craft.safetensors("{\"a\":" + deep + "}", 0), "is not JSON"),
                arguments("bytes that are no text", noText(), "not UTF-8"),
                arguments("data cut short", Craft.safetensors("{" + A + "}", 7), "promises 8 bytes of data, but the file has 7; it was cut"),
                arguments("data left over", Craft.safetensors("{" + A + "}", 9), "promises 8 bytes of data, but the file has 9"),
                arguments("a name twice", Craft.safetensors("{" + A + "," + A + "}", 8), "tensor 'a' is there twice"),
                arguments("a key twice", Craft.safetensors("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 8), "'dtype' is there twice"),
                arguments("an overlap", two(tensor("b", "F32", "[2]", 4, 12), 12), "overlap or leave a hole"),
                arguments("a hole", two(tensor("b", "F32", "[2]", 12, 20), 20), "overlap or leave a hole"),
                arguments("a wrong size", Craft.safetensors("{" + tensor("a", "F32", "[3]", 0, 8) + "}", 8), "needs 12 bytes"),
                arguments("backwards", Craft.safetensors("{" + tensor("a", "F32", "[2]", 8, 0) + "}", 8), "data_offsets hold -8"),
                arguments("2^65 numbers", one("F32", "[4294967296,8589934592]", 8), "impossible shape"),
                arguments("2^65 numbers, times 0", one("F32", "[4294967296,8589934592,0]", 0), "impossible shape"),
                arguments("65 dimensions", one("U8", "[" + "1,".repeat(64) + "1]", 1), "impossible shape"),
                arguments("a negative size", one("F32", "[-2]", 8), "holds -2 instead of a whole number"),
                arguments("half a size", one("F32", "[2.0]", 8), "holds 2.0 instead of a whole number"),
                arguments("a size as text", one("F32", "[\"2\"]", 8), "holds the text '2'"),
                arguments("a size beyond 64 bits", one("F32", "[99999999999999999999]", 8), "instead of a whole number"),
                arguments("no list", one("F32", "2", 8), "must be a list, but is 2"),
                arguments("an unknown dtype", one("F33", "[2]", 8), "unknown dtype 'F33'"),
                arguments("no dtype", Craft.safetensors("{\"a\":{}}", 0), "has no dtype"),
                arguments("a tensor that is null", Craft.safetensors("{\"a\":null}", 0), "described by null"),
                arguments("notes that are a list", Craft.safetensors("{\"__metadata__\":[]}", 0), "must hold texts"),
                arguments("a note that is a number", Craft.safetensors("{\"__metadata__\":{\"k\":1}}", 0), "__metadata__.k must be a text"),
                arguments("a name with terminal commands", one("\\u001b[2J\\n", "[2]", 8), "unknown dtype '\\u001b[2J\\u000a'"));
    }

    private static byte[] longHeader(long length) {
        return ByteBuffer.allocate(16).putLong(Long.reverseBytes(length)).array();
    }

    private static byte[] noText() {
        byte[] file = Craft.safetensors("{" + A + "}", 8);
        file[10] = (byte) 0xff;
        return file;
    }

    private static byte[] one(String dtype, String shape, int size) {
        return Craft.safetensors("{" + tensor("a", dtype, shape, 0, size) + "}", size);
    }

    private static byte[] two(String second, int size) {
        return Craft.safetensors("{" + A + "," + second + "}", size);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenSafetensors")
    void a_broken_safetensors_file_is_named_with_what_is_wrong(String what, byte[] bytes, String words) throws IOException {
        Path file = file("model.safetensors", bytes);
        assertRefused(() -> Safetensors.open(file), "model.safetensors", words);
        assertRefused(() -> WeightFiles.openFile(file), "model.safetensors", words);
    }

    static Stream<Arguments> brokenPickles() {
        long[] none = {};
        return Stream.of(
                arguments("text of 4 GiB", new Pickle().op(PickleOp.BINUNICODE).i32(-1).bytes(), "its pickle claims more than"),
                arguments("text of 2^63", new Pickle().op(PickleOp.BINUNICODE8).i64(Long.MIN_VALUE).bytes(), "claims more than"),
                arguments("text of 50 MB", new Pickle().op(PickleOp.BINUNICODE).i32(50_000_000).bytes(), "it ends in the middle"),
                arguments("number of 2 GiB", new Pickle().op(PickleOp.LONG4).i32(Integer.MAX_VALUE).bytes(), "a number of 2147483647 bytes"),
                arguments("endless name", new Pickle().times(1 << 20, 'c').end(), "longer than 1000"),
                arguments("20 million lists", new Pickle().times(20_000_000, ']').end(), "makes more than"),
                arguments("20 million marks", new Pickle().times(20_000_000, '(').end(), "makes more than"),
                arguments("20 million memos", new Pickle().op('N').times(20_000_000, 0x94).end(), "makes more than"),
                arguments("lists of lists of lists", laughs(), "are too long"),
                arguments("a list in itself", new Pickle().op(']', 'q', 0, 'h', 0, 'a').end(), "nests more than 64"),
                arguments("nothing on the stack", new Pickle().end(), "a value that is not there"),
                arguments("nothing since the mark", new Pickle().op('N', '(', '0').end(), "a value that is not there"),
                arguments("no mark", new Pickle().op('t').end(), "a mark that is not there"),
                arguments("no memo", new Pickle().op('h', 7).end(), "the value 7"),
                arguments("append to a tuple", new Pickle().op(')', 'N', 'a').end(), "appends to something that is no list"),
                arguments("a key without a value", new Pickle().op('}', '(', 'N', 'u').end(), "no dictionary"),
                arguments("attributes of a list", new Pickle().op(']', '}', 'b').end(), "sets attributes"),
                arguments("an old instruction", new Pickle().op('I', '1', '\n').end(), "unknown instruction 0x49"),
                arguments("protocol 9", new Pickle().op(0x80, 9).end(), "has protocol 9"),
                arguments("os.system", new Pickle().global("os", "system").end(), "wants to run 'os.system'"),
                arguments("by stack", new Pickle().text("builtins").text("eval").op(0x93).end(), "wants to run 'builtins.eval'"),
                arguments("quantized", new Pickle().global("torch._utils", "_rebuild_qtensor").end(), "holds 'torch._utils._rebuild_qtensor'"),
                arguments("calls a text", new Pickle().text("eval").op(')', 'R').end(), "something that is no function"),
                arguments("no arguments", new Pickle().global("torch._utils", "_rebuild_tensor_v2").op(')', 'R').end(), "wrong arguments"),
                arguments("rebuilds a rebuilding", nestedCalls(), "wrong arguments"),
                arguments("no storage", new Pickle().text("0").op('Q').end(), "something that is no storage"),
                arguments("2^62 numbers", new Pickle().storage("FloatStorage", "0", 1L << 62).end(), "storage 0 would have"),
                arguments("-1 numbers", new Pickle().storage("FloatStorage", "0", -1).end(), "no storage"),
                arguments("a storage twice", new Pickle().storage("FloatStorage", "0", 1).storage("LongStorage", "0", 1).end(), "two ways"),
                arguments("a larger storage", new Pickle().tensor(5, 0, none, none).end(), "should have 20 bytes, but has 16"),
                arguments("a missing storage", new Pickle().storage("FloatStorage", "../data.pkl", 4).end(), "no record 'archive/data/../data.pkl'"),
                arguments("beyond its storage", new Pickle().tensor(4, 1, new long[] {4}, new long[] {1}).end(), "reaches beyond its storage"),
                arguments("far beyond", new Pickle().tensor(4, 0, new long[] {3}, new long[] {1L << 62}).end(), "reaches beyond"),
                arguments("before its storage", new Pickle().tensor(4, -1, new long[] {1}, new long[] {1}).end(), "reaches beyond"),
                arguments("negative stride", new Pickle().tensor(4, 3, new long[] {4}, new long[] {-1}).end(), "not a whole number >= 0"),
                arguments("sizes without strides", new Pickle().tensor(4, 0, new long[] {4}, none).end(), "impossible shape"),
                arguments("65 dimensions", new Pickle().tensor(4, 0, new long[65], new long[65]).end(), "impossible shape"),
                arguments("2^80 repeats", new Pickle().tensor(4, 0, new long[] {1L << 40, 1L << 40}, new long[2]).end(), "impossible shape"),
                arguments("2^40 repeats", new Pickle().tensor(4, 0, new long[] {1L << 40}, new long[1]).end(), "repeats a storage of 16 bytes"));
    }

    /** Ten lists, each with the last one ten times, seventy times over. */
    private static byte[] laughs() {
        Pickle pickle = new Pickle().op(']', 'q', 0);
        for (int i = 0; i < 60; i++) {
            pickle.op(']', '(').op('h', i, 'h', i, 'h', i, 'e', 'q', i + 1);
        }
        return pickle.end();
    }

    private static byte[] nestedCalls() {
        Pickle pickle = new Pickle().global("torch._tensor", "_rebuild_from_type_v2").op('q', 0, '0', ')', 'q', 1, '0');
        for (int i = 0; i < 10_000; i++) {
            pickle.op('(', 'h', 0, 'N', 'h', 1, 't', 'q', 1, '0');
        }
        return pickle.op('h', 0, 'h', 1, 'R').end();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("brokenPickles")
    void a_broken_pickle_is_named_with_what_is_wrong(String what, byte[] pickle, String words) throws IOException {
        Path file = file("model.bin", Craft.zip(pickle, Map.of("0", new byte[16])));
        assertRefused(() -> WeightFiles.openFile(file), "model.bin", words);
    }

    static Stream<Arguments> otherFiles() {
        byte[] pickle = new Pickle().op('N').end();
        byte[] table = Craft.zip(pickle, Map.of());
        table[table.length - 6] ^= 1; // where the table begins
        return Stream.of(
                arguments("weights.bin", "PK no zip".getBytes(StandardCharsets.US_ASCII), "table of contents is missing"),
                arguments("weights.pt", "hello".getBytes(StandardCharsets.US_ASCII), "neither of the format of today"),
                arguments("weights.pth", new byte[0], "neither of the format of today"),
                arguments("weights.pkl", new Pickle().op(0x80, 2, 'N').end(), "a pickle, but not one of PyTorch"),
                arguments("notes.txt", "hello".getBytes(StandardCharsets.US_ASCII), "is not a file of weights"),
                arguments("moved.bin", table, "table of contents would have 1 records"),
                arguments("other.zip", zipWithout(), "is a zip file, but not one of PyTorch"),
                arguments(
                        "lfs.safetensors",
                        "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".getBytes(StandardCharsets.US_ASCII),
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
        assertRefused(() -> WeightFiles.open(folder, null), "diffusion_pytorch_model.safetensors was expected, found an empty folder");
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
        Path file = file("model.safetensors", Craft.safetensors("{" + String.join(",", A,
                tensor("long one", "F32", "[3]", 8, 20), tensor("whole", "I32", "[1]", 20, 24), tensor("x", "U8", "[0]", 24, 24)) + "}", 24));
        TensorScope.run(() -> {
            Tensor a = Tensors.of(new float[] {1, 1}, 2);
            Map<String, Tensor> targets = Map.of(
                    "a", a, "long one", Tensors.empty(ScalarType.Float, 1, 3), "whole", Tensors.of(new float[1], 1), "b", a);
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
        file("part.safetensors", two(tensor("c", "F32", "[2]", 8, 16), 16));
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
