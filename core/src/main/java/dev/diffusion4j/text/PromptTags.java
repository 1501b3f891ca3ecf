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
 * What a prompt asks for beside its words.
 *
 * @param rest the words
 * @param loras adapters
 */
record PromptTags(String rest, List<LoraTag> loras) {
    private static final int DEEPEST = 100;
    private static final Pattern TAG = Pattern.compile("<(\\w+):([^>]+)>");
    private static final Pattern AND = Pattern.compile("\\bAND\\b");
    private static final Pattern WHEN = Pattern.compile("\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)\\s*");

    /** @throws Problem (a wrong request) naming what is not supported */
    static PromptTags of(String prompt, String field) {
        List<LoraTag> loras = new ArrayList<>();
        Matcher matcher = TAG.matcher(prompt);
        StringBuilder rest = new StringBuilder();
        while (matcher.find()) {
            loras.add(lora(matcher, field));
            matcher.appendReplacement(rest, "");
        }
        matcher.appendTail(rest);
        refuseChanging(rest.toString(), field);
        if (AND.matcher(rest).find()) {
            throw Problem.request(
                    "{" + field + "} has 'AND', which mixes several prompts in one picture and is not supported: write"
                            + " a comma, or 'and' in small letters for the word");
        }
        return new PromptTags(rest.toString(), List.copyOf(loras));
    }

    private static LoraTag lora(Matcher matcher, String field) {
        String kind = matcher.group(1);
        String[] parts = matcher.group(2).split(":", -1);
        if (!kind.equals("lora") && !kind.equals("lyco") || parts.length > 3) {
            throw unsupported(matcher.group(), field);
        }
        double text = parts.length > 1 ? scale(parts[1], matcher.group(), field) : 1;
        double unet = parts.length > 2 ? scale(parts[2], matcher.group(), field) : text;
        return new LoraTag(parts[0].strip(), text, unet);
    }

    private static double scale(String text, String tag, String field) {
        if (!WHEN.matcher(text).matches()) {
            throw unsupported(tag, field);
        }
        return Double.parseDouble(text.strip());
    }

    private static Problem unsupported(String tag, String field) {
        return Problem.request("{" + field + "} has '" + tag + "', which is not supported: an adapter is written"
                + " <lora:NAME:SCALE>, or <lora:NAME:SCALE IN THE TEXT ENCODERS:SCALE IN THE U-NET>");
    }

    /** A bracket that is open. */
    private static final class Open {
        private final int at;
        private final boolean square;
        private int colon = -1;
        private boolean bar;

        Open(int at, boolean square) {
            this.at = at;
            this.square = square;
        }

        boolean changes(String text, int end) {
            return square
                    && (bar
                            || colon >= 0
                                    && WHEN.matcher(text.substring(colon + 1, end))
                                            .matches());
        }
    }

    private static void checkDepth(int depth, String field) {
        if (depth > DEEPEST) {
            throw Problem.request("{" + field + "} has more than " + DEEPEST
                    + " brackets open at one place: write a backslash before those that are meant as letters");
        }
    }

    /** {@code [a:b:0.5]}, {@code [a:0.5]}, {@code [a::0.5]} and {@code [a|b]} mean other words in other steps. */
    private static void refuseChanging(String text, String field) {
        Deque<Open> open = new ArrayDeque<>();
        for (int i = 0; i < text.length(); i++) {
            char sign = text.charAt(i);
            Open inner = open.peek();
            switch (sign) {
                case '\\' -> i++;
                case '[', '(' -> {
                    open.push(new Open(i, sign == '['));
                    checkDepth(open.size(), field);
                }
                case ':' -> {
                    if (inner != null) {
                        inner.colon = i;
                    }
                }
                case '|' -> {
                    if (inner != null) {
                        inner.bar = true;
                    }
                }
                case ']', ')' -> {
                    if (inner != null && inner.square == (sign == ']')) {
                        open.pop();
                        if (inner.changes(text, i)) {
                            throw Problem.request("{" + field + "} has '" + text.substring(inner.at, i + 1)
                                    + "', by which words change from step to step, which is not supported: write the words that"
                                    + " you want in all steps, or a backslash before the bracket");
                        }
                    }
                }
                default -> {}
            }
        }
    }
}
