// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;

/** Opens hostile files in a JVM with a small heap and prints a line for each; see {@link BadInputTest}. */
final class SmallHeap {
    static final int CASES = 6;
    private static final int SIZE = 99_000_000;

    private SmallHeap() {}

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0], "hostile");
        header(file, i -> Craft.tensor("t" + i, "U8", "[0]", 0, 0) + ",");
        report("many tensors", () -> Safetensors.open(file));
        header(file, i -> (i == 0 ? "\"__metadata__\":{" : "") + "\"k" + i + "\":\"" + "v".repeat(1000) + "\",");
        report("many notes", () -> Safetensors.open(file));
        header(file, i -> i == 0 ? "\"a\":[" : "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,");
        report("a long list", () -> Safetensors.open(file));
        header(file, i -> i == 0 ? "\"a\":\"" : "a".repeat(1000));
        report("a long text", () -> Safetensors.open(file));
        report("a large config", () -> Json.readObject(file));
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(new byte[] {(byte) PickleOp.PROTO, 2});
            byte[] lists = new byte[1000];
            java.util.Arrays.fill(lists, (byte) PickleOp.EMPTY_DICT);
            for (int i = 0; i < SIZE / lists.length; i++) {
                out.write(lists);
            }
        }
        report("a pickle", () -> TorchPickle.open(file));
        Files.delete(file);
    }

    private static void header(Path file, IntFunction<String> piece) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(SIZE)
                    .array());
            out.write('{');
            int written = 1;
            for (int i = 0; written < SIZE; i++) {
                byte[] bytes = piece.apply(i).getBytes(StandardCharsets.US_ASCII);
                int length = Math.min(bytes.length, SIZE - written);
                out.write(bytes, 0, length);
                written += length;
            }
        }
    }

    private static void report(String what, Runnable open) {
        try {
            open.run();
            System.out.println(what + ": was opened");
        } catch (Problem e) {
            System.out.println(what + ": " + e.getMessage());
        }
    }
}
