// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The {@code README.md} of a model: front matter that the Hub reads, then sections that stand between marks. A card that is written anew
 * takes its own sections' place and leaves alone what readers wrote around them, and the keys that they set.
 *
 * @param frontMatter by key: a text, or a list of texts
 * @param sections Markdown by a name of letters and dashes, in order
 */
public record ModelCard(Map<String, Object> frontMatter, Map<String, String> sections) {
    /** Stands for the repository until it is published. */
    public static final String PLACE = "THIS/REPOSITORY";

    private static final Pattern FRONT = Pattern.compile("\\A---\\R(.*?)\\R?---\\R", Pattern.DOTALL);
    private static final Pattern SECTION =
            Pattern.compile("<!-- diffusion4j: ([\\w-]+) -->\\R(.*?)<!-- /diffusion4j: \\1 -->\\R?", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("(?m)^([A-Za-z_][\\w-]*):");
    /** What YAML takes for something else than text where it stands bare. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z][\\w ./-]*");

    public ModelCard {
        frontMatter = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(frontMatter));
        sections = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(sections));
    }

    /** The whole card. */
    public String text() {
        StringBuilder text = new StringBuilder("---\n");
        frontMatter.forEach((key, value) -> text.append(line(key, value)));
        text.append("---\n");
        sections.forEach((name, body) -> text.append('\n').append(marked(name, body)));
        return text.toString();
    }

    private static String line(String key, Object value) {
        if (value instanceof List<?> list) {
            StringBuilder lines = new StringBuilder(key + ":\n");
            list.forEach(item ->
                    lines.append("- ").append(scalar(String.valueOf(item))).append('\n'));
            return lines.toString();
        }
        return key + ": " + scalar(String.valueOf(value)) + "\n";
    }

    private static String scalar(String text) {
        boolean isWord = List.of("true", "false", "yes", "no", "on", "off", "null")
                .contains(text.toLowerCase(java.util.Locale.ROOT));
        return PLAIN.matcher(text).matches() && !isWord && text.equals(text.strip())
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + "\"";
    }

    private static String begin(String name) {
        return "<!-- diffusion4j: " + name + " -->\n";
    }

    private static String end(String name) {
        return "<!-- /diffusion4j: " + name + " -->\n";
    }

    private static String marked(String name, String body) {
        return begin(name) + body.strip() + "\n" + end(name);
    }

    /**
     * This card in the place of an older one: its sections are exchanged where the older one has them, and come at the end where it
     * does not; one that a reader took out, marks and all, comes back. All else of the older text stays, its ends of lines too.
     *
     * @param older a card of ours that readers may have changed, or any other text
     */
    public String over(String older) {
        if (older.isBlank()) {
            return text();
        }
        return older.contains("\r\n") ? overUnix(unix(older)).replace("\n", "\r\n") : overUnix(older);
    }

    private String overUnix(String older) {
        Matcher front = FRONT.matcher(older);
        String body = older;
        String keys = "";
        if (front.find()) {
            keys = front.group(1).isEmpty() ? "" : front.group(1) + "\n";
            body = older.substring(front.end());
        }
        StringBuilder head = new StringBuilder("---\n" + keys);
        List<String> present = keysOf(keys);
        frontMatter.forEach((name, value) -> {
            if (!present.contains(name)) {
                head.append(line(name, value));
            }
        });
        for (Map.Entry<String, String> section : sections.entrySet()) {
            body = exchanged(body, section.getKey(), section.getValue());
        }
        return head + "---\n" + body;
    }

    /** What a reader wrote, or may have: the text without our sections, and the keys before it. */
    public static String ownWords(String card) {
        return SECTION.matcher(unix(card)).replaceAll("").strip();
    }

    private static String unix(String text) {
        return text.replace("\r\n", "\n");
    }

    /** The keys before the text of a card; empty where there are none. */
    public static List<String> frontMatterKeys(String card) {
        Matcher front = FRONT.matcher(card);
        return front.find() ? keysOf(front.group(1)) : List.of();
    }

    private static List<String> keysOf(String lines) {
        List<String> keys = new ArrayList<>();
        Matcher key = KEY.matcher(lines);
        while (key.find()) {
            keys.add(key.group(1));
        }
        return keys;
    }

    private static String exchanged(String body, String name, String fresh) {
        int from = body.indexOf(begin(name));
        int to = body.indexOf(end(name), Math.max(0, from));
        return from >= 0 && to >= 0
                ? body.substring(0, from)
                        + marked(name, fresh)
                        + body.substring(to + end(name).length())
                : (body.endsWith("\n") ? body : body + "\n") + "\n" + marked(name, fresh);
    }

    /** Whether a text has marks of ours, so that it may be exchanged without asking. */
    public static boolean isOurs(String text) {
        return text.contains("<!-- diffusion4j: ");
    }

    /**
     * What readers changed in the Hub's card, kept in a card of ours: the marked sections are those of {@code fresh}, and the keys that
     * the Hub's card has not; the rest is {@code theirs}.
     */
    public static String joined(String theirs, String fresh) {
        return theirs.contains("\r\n")
                ? joinedUnix(unix(theirs), fresh).replace("\n", "\r\n")
                : joinedUnix(theirs, fresh);
    }

    private static String joinedUnix(String theirs, String fresh) {
        if (!isOurs(fresh)) {
            return fresh;
        }
        Map<String, String> sections = new LinkedHashMap<>();
        Matcher section = SECTION.matcher(fresh);
        while (section.find()) {
            sections.put(section.group(1), section.group(2));
        }
        return withKeysOf(new ModelCard(Map.of(), sections).over(theirs), fresh);
    }

    /** {@code card} with the keys before {@code other} that it has not. */
    public static String withKeysOf(String card, String other) {
        Matcher front = FRONT.matcher(unix(other));
        Matcher own = FRONT.matcher(card);
        if (!front.find() || !own.find()) {
            return card;
        }
        List<String> present = keysOf(own.group(1));
        StringBuilder head = new StringBuilder("---\n" + (own.group(1).isEmpty() ? "" : own.group(1) + "\n"));
        for (String block : front.group(1).split("\n(?=[A-Za-z_][\\w-]*:)")) {
            List<String> key = keysOf(block);
            if (!key.isEmpty() && !present.contains(key.get(0))) {
                head.append(block).append('\n');
            }
        }
        return head + "---\n" + card.substring(own.end());
    }
}
