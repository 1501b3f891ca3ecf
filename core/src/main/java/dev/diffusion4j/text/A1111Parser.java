// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Problem;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Weights as in A1111's stable-diffusion-webui, described in its wiki under "Attention/emphasis". A bracket that is not closed counts to the
 * end; one that was not opened is a letter; the two kinds of brackets do not know each other.
 */
final class A1111Parser {
    private static final double STEP = 1.1;
    private static final Pattern WEIGHT = Pattern.compile(":\\s*([+-]?[.\\d]+)\\s*\\)");
    private static final Pattern PLAIN = Pattern.compile("[^\\\\()\\[\\]:]+");
    private static final Pattern BREAK = Pattern.compile("\\s*\\bBREAK\\b\\s*");
    private static final String ESCAPED = "()[]\\";

    private final String prompt;
    private final String field;
    private final List<WeightedText> texts = new ArrayList<>();
    private final Deque<Integer> round = new ArrayDeque<>();
    private final Deque<Integer> square = new ArrayDeque<>();

    A1111Parser(String prompt, String field) {
        this.prompt = prompt;
        this.field = field;
    }

    List<WeightedText> parse() {
        int at = 0;
        while (at < prompt.length()) {
            at = read(at);
        }
        round.forEach(from -> weigh(from, STEP));
        square.forEach(from -> weigh(from, 1 / STEP));
        return merged();
    }

    /** Reads what stands at a place, and gives the place behind it. */
    private int read(int at) {
        char sign = prompt.charAt(at);
        Matcher weight = WEIGHT.matcher(prompt).region(at, prompt.length());
        Matcher plain = PLAIN.matcher(prompt).region(at, prompt.length());
        if (sign == '\\') {
            boolean escapes = at + 1 < prompt.length() && ESCAPED.indexOf(prompt.charAt(at + 1)) >= 0;
            add(escapes ? prompt.substring(at + 1, at + 2) : ""); // else it goes
            return at + (escapes ? 2 : 1);
        } else if (sign == '(') {
            round.push(texts.size());
        } else if (sign == '[') {
            square.push(texts.size());
        } else if (weight.lookingAt() && !round.isEmpty()) {
            weigh(round.pop(), number(weight.group(1)));
            return weight.end();
        } else if (sign == ')' && !round.isEmpty()) {
            weigh(round.pop(), STEP);
        } else if (sign == ']' && !square.isEmpty()) {
            weigh(square.pop(), 1 / STEP);
        } else if (plain.lookingAt()) {
            addWords(plain.group());
            return plain.end();
        } else {
            add(String.valueOf(sign));
        }
        return at + 1;
    }

    private double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw Problem.request("{" + field + "} has the weight '" + text + "', which is no number");
        }
    }

    private void addWords(String words) {
        String[] parts = BREAK.split(words, -1);
        for (int i = 0; i < parts.length; i++) {
            if (i > 0) {
                texts.add(WeightedText.BREAK);
            }
            add(parts[i]);
        }
    }

    private void add(String text) {
        texts.add(new WeightedText(text, 1));
    }

    private void weigh(int from, double factor) {
        for (int i = from; i < texts.size(); i++) {
            WeightedText text = texts.get(i);
            if (!text.isBreak()) {
                texts.set(i, new WeightedText(text.text(), text.weight() * factor));
            }
        }
    }

    /** Neighbours of one weight are one text. */
    private List<WeightedText> merged() {
        List<WeightedText> merged = new ArrayList<>();
        for (WeightedText text : texts) {
            WeightedText last = merged.isEmpty() ? WeightedText.BREAK : merged.get(merged.size() - 1);
            if (!text.isBreak() && !last.isBreak() && last.weight() == text.weight()) {
                merged.set(merged.size() - 1, new WeightedText(last.text() + text.text(), text.weight()));
            } else {
                merged.add(text);
            }
        }
        return merged.isEmpty() ? List.of(new WeightedText("", 1)) : merged;
    }
}
