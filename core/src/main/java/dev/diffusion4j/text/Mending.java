// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.nio.charset.Charset;
import java.text.Normalizer;
import java.util.Map;
import org.jsoup.parser.Parser;

/**
 * The part of ftfy's {@code fix_text} that does not guess: entities, ligatures, full and half width, curly quotes, line ends,
 * control characters, NFC. Text that was decoded in the wrong encoding is left as it is.
 */
final class Mending {
    private static final Charset WINDOWS = Charset.forName("windows-1252");
    private static final Map<Integer, String> QUOTES = Map.of(
            0x02bc, "'", 0x2018, "'", 0x2019, "'", 0x201a, "'", 0x201b, "'", 0x201c, "\"", 0x201d, "\"", 0x201e, "\"",
            0x201f, "\"");

    private static final Map<Integer, String> LIGATURES = Map.ofEntries(
            Map.entry(0x0132, "IJ"),
            Map.entry(0x0133, "ij"),
            Map.entry(0x0149, "\u02bcn"),
            Map.entry(0x01f1, "DZ"),
            Map.entry(0x01f2, "Dz"),
            Map.entry(0x01f3, "dz"),
            Map.entry(0x01c4, "D\u017d"),
            Map.entry(0x01c5, "D\u017e"),
            Map.entry(0x01c6, "d\u017e"),
            Map.entry(0x01c7, "LJ"),
            Map.entry(0x01c8, "Lj"),
            Map.entry(0x01c9, "lj"),
            Map.entry(0x01ca, "NJ"),
            Map.entry(0x01cb, "Nj"),
            Map.entry(0x01cc, "nj"),
            Map.entry(0xfb00, "ff"),
            Map.entry(0xfb01, "fi"),
            Map.entry(0xfb02, "fl"),
            Map.entry(0xfb03, "ffi"),
            Map.entry(0xfb04, "ffl"),
            Map.entry(0xfb05, "\u017ft"),
            Map.entry(0xfb06, "st"));

    private Mending() {}

    static String mend(String text) {
        String plain = text.contains("<") ? text : Parser.unescapeEntities(text, false);
        StringBuilder mended = new StringBuilder(plain.length());
        plain.replaceAll("\r\n|[\r\u2028\u2029]", "\n")
                .codePoints()
                .map(Mending::windows)
                .forEach(letter -> {
                    if (isControl(letter)) {
                        return;
                    }
                    String ligature = LIGATURES.get(letter);
                    for (int part : (ligature != null ? ligature : width(letter))
                            .codePoints()
                            .toArray()) {
                        String quote = QUOTES.get(part);
                        mended.append(quote != null ? quote : Character.toString(part));
                    }
                });
        return Normalizer.normalize(mended, Normalizer.Form.NFC);
    }

    /** The C1 control characters are what Windows-1252 has in their place. */
    private static int windows(int letter) {
        if (letter < 0x80 || letter > 0x9f) {
            return letter;
        }
        String decoded = new String(new byte[] {(byte) letter}, WINDOWS);
        return decoded.charAt(0) == '\ufffd' ? letter : decoded.charAt(0);
    }

    /** Full-width Latin and half-width Katakana and Hangul become usual, the ideographic space a blank. */
    private static String width(int letter) {
        String same = Character.toString(letter);
        boolean other = letter >= 0xff01 && letter <= 0xffef || letter == 0x3000;
        return other ? Normalizer.normalize(same, Normalizer.Form.NFKC) : same;
    }

    private static boolean isControl(int letter) {
        return letter < 0x09
                || letter == 0x0b
                || letter >= 0x0e && letter <= 0x1f
                || letter == 0x7f
                || letter >= 0x206a && letter <= 0x206f
                || letter == 0xfeff
                || letter >= 0xfff9 && letter <= 0xfffc;
    }
}
