// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A printable letter for each byte, as GPT-2 has it: printable bytes are themselves, the others are counted from U+0100. */
final class ByteLetters {
    private static final char[] LETTERS = new char[256];
    private static final List<String> ORDER = new ArrayList<>();
    private static final Map<Character, Integer> BYTES = new HashMap<>();

    static {
        int next = 256;
        for (int b = 0; b < 256; b++) {
            LETTERS[b] = (char) (isPrintable(b) ? b : next++);
            BYTES.put(LETTERS[b], b);
        }
        for (int b = 0; b < 256; b++) {
            if (isPrintable(b)) {
                ORDER.add(String.valueOf(LETTERS[b]));
            }
        }
        for (int b = 0; b < 256; b++) {
            if (!isPrintable(b)) {
                ORDER.add(String.valueOf(LETTERS[b]));
            }
        }
    }

    private ByteLetters() {}

    private static boolean isPrintable(int b) {
        return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae && b <= 0xff;
    }

    /** Printable bytes first. */
    static List<String> inOrder() {
        return List.copyOf(ORDER);
    }

    /** The letters of a text's UTF-8 bytes. */
    static String of(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder letters = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            letters.append(LETTERS[b & 0xff]);
        }
        return letters.toString();
    }

    /** The text that pieces stand for; one with other letters than these stands for itself, and bytes that are no UTF-8 become U+FFFD. */
    static String decode(List<String> pieces) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String piece : pieces) {
            boolean ofBytes = piece.chars().allMatch(letter -> BYTES.containsKey((char) letter));
            if (ofBytes) {
                piece.chars().forEach(letter -> bytes.write(BYTES.getOrDefault((char) letter, 0)));
            } else {
                bytes.writeBytes(piece.getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
