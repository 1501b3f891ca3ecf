// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Problem;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
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
    /** A1111 reads these also by name: {@code <lora:name:te=0.5:unet=1>}. */
    private static final Set<String> NAMED = Set.of("te", "unet");

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

    /** The prompt without the tags that ask for adapters of these names. */
    static String without(String prompt, Predicate<String> names) {
        return TAG.matcher(prompt).replaceAll(tag -> {
            boolean isMeant = names.test(lora(tag, "prompt").name());
            return isMeant ? "" : Matcher.quoteReplacement(tag.group());
        });
    }

    private static LoraTag lora(MatchResult matcher, String field) {
        String kind = matcher.group(1);
        List<String> places = new ArrayList<>();
        Map<String, String> named = new HashMap<>();
        for (String part : matcher.group(2).split(":", -1)) {
            int equals = part.indexOf('=');
            if (equals < 0 || places.isEmpty()) {
                places.add(part);
            } else {
                named.put(part.substring(0, equals).strip(), part.substring(equals + 1));
            }
        }
        String name = places.get(0).strip();
        boolean isKnown = (kind.equals("lora") || kind.equals("lyco")) && NAMED.containsAll(named.keySet());
        if (!isKnown || places.size() > 3 || name.isEmpty()) {
            throw unsupported(matcher.group(), field);
        }
        String text = named.getOrDefault("te", places.size() > 1 ? places.get(1) : "1");
        String unet = named.getOrDefault("unet", places.size() > 2 ? places.get(2) : text);
        return new LoraTag(name, scale(text, matcher.group(), field), scale(unet, matcher.group(), field));
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
