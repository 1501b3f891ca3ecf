// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Weights as in ComfyUI's {@code CLIPTextEncode}. A bracket that is not closed is a letter, and after one that was not opened there are no
 * weights any more.
 */
final class ComfyParser {
    private static final double STEP = 1.1;
    private static final Pattern NUMBER = Pattern.compile("\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*");
    private static final Pattern BREAK = Pattern.compile("\\s*\\bBREAK\\b\\s*");
    /** Stand for escaped brackets; nobody types them. */
    private static final char OPEN = '\ufdd0';

    private static final char CLOSE = '\ufdd1';

    private final List<WeightedText> texts = new ArrayList<>();

    private ComfyParser() {}

    static List<WeightedText> parse(String prompt) {
        ComfyParser parser = new ComfyParser();
        parser.read(prompt.replace("\\)", String.valueOf(CLOSE)).replace("\\(", String.valueOf(OPEN)), 1);
        return parser.texts.isEmpty() ? List.of(new WeightedText("", 1)) : parser.texts;
    }

    private void read(String text, double weight) {
        for (String part : parts(text)) {
            if (part.length() < 2 || part.charAt(0) != '(' || part.charAt(part.length() - 1) != ')') {
                add(part, weight);
                continue;
            }
            String inner = part.substring(1, part.length() - 1);
            int colon = inner.lastIndexOf(':');
            if (colon > 0 && NUMBER.matcher(inner.substring(colon + 1)).matches()) {
                read(
                        inner.substring(0, colon),
                        Double.parseDouble(inner.substring(colon + 1).strip()));
            } else {
                read(inner, weight * STEP);
            }
        }
    }

    /** The outermost brackets with what is in them, and what stands between. */
    private static List<String> parts(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        int depth = 0;
        for (char letter : text.toCharArray()) {
            if (letter == '(' && depth++ == 0 && !part.isEmpty()) {
                parts.add(part.toString());
                part.setLength(0);
            }
            part.append(letter);
            if (letter == ')' && --depth == 0) {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        if (!part.isEmpty()) {
            parts.add(part.toString());
        }
        return parts;
    }

    private void add(String text, double weight) {
        String[] pieces = BREAK.split(text.replace(CLOSE, ')').replace(OPEN, '('), -1);
        for (int i = 0; i < pieces.length; i++) {
            if (i > 0) {
                texts.add(WeightedText.BREAK);
            }
            if (!pieces[i].isEmpty()) {
                texts.add(new WeightedText(pieces[i], weight));
            }
        }
    }
}
