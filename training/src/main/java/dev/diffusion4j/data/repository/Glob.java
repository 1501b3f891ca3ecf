// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A pattern of paths as Python's {@code datasets} reads them: {@code *} is any part of a name, {@code **} any folders, {@code [0-9]} one
 * character of several. Files whose names, or whose folders' names, begin with a dot or two underscores must be named so.
 */
record Glob(String text, Pattern pattern, long hidden, long special) {

    static Glob of(String text) {
        String clean = text.startsWith("./") ? text.substring(2) : text;
        StringBuilder regex = new StringBuilder();
        List<String> parts = Arrays.asList(clean.split("/", -1));
        for (int i = 0; i < parts.size(); i++) {
            boolean isLast = i == parts.size() - 1;
            if (parts.get(i).equals("**")) {
                regex.append(isLast ? ".+" : "(?:.+/)?");
            } else {
                part(parts.get(i), regex);
                regex.append(isLast ? "" : "/");
            }
        }
        return new Glob(clean, Pattern.compile(regex.toString()), hidden(clean), special(clean));
    }

    private static void part(String part, StringBuilder regex) {
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            int end = c == '[' ? part.indexOf(']', i + 2) : -1;
            if (c == '*') {
                regex.append("[^/]*");
            } else if (c == '?') {
                regex.append("[^/]");
            } else if (end > 0) {
                regex.append('[').append(part.charAt(i + 1) == '!' ? "^" : "");
                String set = part.substring(i + (part.charAt(i + 1) == '!' ? 2 : 1), end);
                regex.append(set.replaceAll("([\\\\\\[\\]^&])", "\\\\$1")).append(']');
                i = end;
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
    }

    boolean matches(String path) {
        return pattern.matcher(path).matches() && hidden(path) == hidden && special(path) == special;
    }

    boolean isOneName() {
        return text.chars().noneMatch(c -> c == '*' || c == '?' || c == '[');
    }

    private static long hidden(String path) {
        return Arrays.stream(path.split("/"))
                .filter(part -> part.startsWith("."))
                .count();
    }

    private static long special(String path) {
        String[] parts = path.split("/");
        return Arrays.stream(parts, 0, Math.max(0, parts.length - 1))
                .filter(part -> part.startsWith("__"))
                .count();
    }
}
