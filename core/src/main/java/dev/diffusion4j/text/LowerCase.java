// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.Locale;
import java.util.Set;

/** Lower case by the letter of the Unicode standard (3.13, Final_Sigma), which the JDK's differs from where signs stand between. */
final class LowerCase {
    private static final int SIGMA = 0x3a3;
    /** Signs within a word. */
    private static final Set<Integer> MIDDLE = Set.of(
            0x27, 0x2e, 0x3a, 0xb7, 0x387, 0x55f, 0x5f4, 0x2018, 0x2019, 0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07,
            0xff0e, 0xff1a);

    private LowerCase() {}

    /** Each letter by itself. */
    static String ofLetters(String text) {
        StringBuilder lower = new StringBuilder(text.length());
        text.codePoints().forEach(letter -> lower.append(of(letter)));
        return lower.toString();
    }

    /** A capital sigma at the end of a word becomes ς. */
    static String ofWords(String text) {
        int[] letters = text.codePoints().toArray();
        StringBuilder lower = new StringBuilder(text.length());
        for (int i = 0; i < letters.length; i++) {
            boolean ends = letters[i] == SIGMA && isCasedAfter(letters, i, -1) && !isCasedAfter(letters, i, 1);
            lower.append(ends ? "ς" : of(letters[i]));
        }
        return lower.toString();
    }

    private static String of(int letter) {
        return Character.toString(letter).toLowerCase(Locale.ROOT);
    }

    /** Whether the next letter in this direction, ignorable ones passed over, has a case. */
    private static boolean isCasedAfter(int[] letters, int from, int direction) {
        int i = from + direction;
        while (i >= 0 && i < letters.length && isIgnorable(letters[i])) {
            i += direction;
        }
        return i >= 0
                && i < letters.length
                && (Character.isUpperCase(letters[i])
                        || Character.isLowerCase(letters[i])
                        || Character.isTitleCase(letters[i]));
    }

    private static boolean isIgnorable(int letter) {
        return switch (Character.getType(letter)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.FORMAT,
                    Character.MODIFIER_LETTER,
                    Character.MODIFIER_SYMBOL -> true;
            default -> MIDDLE.contains(letter);
        };
    }
}
