// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static dev.diffusion4j.checkpoint.Craft.tensor;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Safetensors files that are not sound, and words of the line that each gets. */
final class BrokenSafetensors {
    static final String A = tensor("a", "F32", "[2]", 0, 8);

    private BrokenSafetensors() {}

    static Stream<Arguments> cases() {
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
                arguments(
                        "data cut short",
                        Craft.safetensors("{" + A + "}", 7),
                        "promises 8 bytes of data, but the file has 7; it was cut"),
                arguments(
                        "data left over",
                        Craft.safetensors("{" + A + "}", 9),
                        "promises 8 bytes of data, but the file has 9"),
                arguments("a name twice", Craft.safetensors("{" + A + "," + A + "}", 8), "tensor 'a' is there twice"),
                arguments(
                        "a key twice",
                        Craft.safetensors("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 8),
                        "'dtype' is there twice"),
                arguments("an overlap", two(tensor("b", "F32", "[2]", 4, 12), 12), "overlap or leave a hole"),
                arguments("a hole", two(tensor("b", "F32", "[2]", 12, 20), 20), "overlap or leave a hole"),
                arguments(
                        "a wrong size",
                        Craft.safetensors("{" + tensor("a", "F32", "[3]", 0, 8) + "}", 8),
                        "needs 12 bytes"),
                arguments(
                        "backwards",
                        Craft.safetensors("{" + tensor("a", "F32", "[2]", 8, 0) + "}", 8),
                        "data_offsets hold -8"),
                arguments("2^65 numbers", one("F32", "[4294967296,8589934592]", 8), "impossible shape"),
                arguments("2^65 numbers, times 0", one("F32", "[4294967296,8589934592,0]", 0), "impossible shape"),
                arguments("65 dimensions", one("U8", "[" + "1,".repeat(64) + "1]", 1), "impossible shape"),
                arguments("a negative size", one("F32", "[-2]", 8), "holds -2 instead of a whole number"),
                arguments("half a size", one("F32", "[2.0]", 8), "holds 2.0 instead of a whole number"),
                arguments("a size as text", one("F32", "[\"2\"]", 8), "holds the text '2'"),
                arguments(
                        "a size beyond 64 bits", one("F32", "[99999999999999999999]", 8), "instead of a whole number"),
                arguments("no list", one("F32", "2", 8), "must be a list, but is 2"),
                arguments("an unknown dtype", one("F33", "[2]", 8), "unknown dtype 'F33'"),
                arguments("no dtype", Craft.safetensors("{\"a\":{}}", 0), "has no dtype"),
                arguments("a tensor that is null", Craft.safetensors("{\"a\":null}", 0), "described by null"),
                arguments("notes that are a list", Craft.safetensors("{\"__metadata__\":[]}", 0), "must hold texts"),
                arguments(
                        "a note that is a number",
                        Craft.safetensors("{\"__metadata__\":{\"k\":1}}", 0),
                        "__metadata__.k must be a text"),
                arguments(
                        "a name with terminal commands",
                        one("\\u001b[2J\\n", "[2]", 8),
                        "unknown dtype '\\u001b[2J\\u000a'"));
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

    static byte[] two(String second, int size) {
        return Craft.safetensors("{" + A + "," + second + "}", size);
    }
}
