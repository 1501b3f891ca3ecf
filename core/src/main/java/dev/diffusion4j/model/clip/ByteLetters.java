// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A printable letter for each byte, as GPT-2 has it: printable bytes are themselves, the others are counted from U+0100. */
final class ByteLetters {
    private static final char[] LETTERS = new char[256];
    private static final List<String> ORDER = new ArrayList<>();

    static {
        int next = 256;
        for (int b = 0; b < 256; b++) {
            LETTERS[b] = (char) (isPrintable(b) ? b : next++);
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
}
