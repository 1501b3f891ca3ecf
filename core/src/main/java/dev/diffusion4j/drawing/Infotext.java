// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The text about a picture that A1111's stable-diffusion-webui writes and that most tools and model sites read: the prompt, a line
 * {@code Negative prompt: …} and a line of settings. Its form is that of {@code create_infotext} and {@code parse_generation_parameters} there.
 *
 * @param prompt may have several lines
 * @param negativePrompt may be empty
 * @param settings by the names of that program, in order
 */
record Infotext(String prompt, String negativePrompt, Map<String, String> settings) {
    /** The name of the note in a picture. */
    static final String NOTE = "parameters";

    private static final String NEGATIVE = "Negative prompt:";
    private static final String FIRST = "Steps:";
    private static final String MODEL = ", Model: ";
    private static final int FEWEST = 3;
    private static final Pattern NAME = Pattern.compile("\\w[\\w \\-/]+", Pattern.UNICODE_CHARACTER_CLASS);

    Infotext {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /** Reads a text; one that has no line of settings is a prompt alone. */
    static Infotext parse(String text) {
        List<String> lines = new ArrayList<>(Arrays.asList(text.strip().split("\r?\n")));
        int at = lines.size() - 1;
        for (int i = at; i >= 0; i--) {
            if (lines.get(i).startsWith(FIRST) && settings(lines.get(i)).size() >= FEWEST) {
                at = i; // extensions may add lines behind it
                break;
            }
        }
        Map<String, String> settings = settings(lines.get(at));
        boolean has = settings.size() >= FEWEST;
        List<String> positive = new ArrayList<>();
        List<String> negative = new ArrayList<>();
        boolean isNegative = false;
        for (String line : lines.subList(0, has ? at : lines.size())) {
            String words = line.strip();
            if (words.startsWith(NEGATIVE)) {
                isNegative = true;
                words = words.substring(NEGATIVE.length()).strip();
            }
            (isNegative ? negative : positive).add(words);
        }
        return new Infotext(String.join("\n", positive), String.join("\n", negative), has ? settings : Map.of());
    }

    private static Map<String, String> settings(String line) {
        Map<String, String> settings = new LinkedHashMap<>();
        int at = 0;
        while (at < line.length()) {
            int colon = line.indexOf(':', at);
            int comma = line.indexOf(',', at);
            if (colon < 0) {
                break;
            }
            if (comma >= 0 && comma < colon) {
                at = comma + 1;
                continue;
            }
            String name = line.substring(at, colon).strip();
            int start = colon + 1;
            while (start < line.length() && line.charAt(start) == ' ') {
                start++;
            }
            int end = end(line, start);
            if (NAME.matcher(name).matches()) {
                settings.put(name, unquoted(line.substring(start, end).strip()));
            }
            at = end + 1;
        }
        return settings;
    }

    /** The comma behind a value, or the end; commas in quotes are the value's. */
    private static int end(String line, int start) {
        if (start < line.length() && line.charAt(start) == '"') {
            int at = start + 1;
            while (at < line.length() && line.charAt(at) != '"') {
                at += line.charAt(at) == '\\' ? 2 : 1;
            }
            if (at < line.length() && (at + 1 == line.length() || line.charAt(at + 1) == ',')) {
                return at + 1;
            }
        }
        int comma = line.indexOf(',', start);
        return comma < 0 ? line.length() : comma;
    }

    private static String unquoted(String value) {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) {
            return value;
        }
        try {
            return String.valueOf(
                    Json.parseObject("{\"value\":" + value + "}", NOTE).get("value"));
        } catch (Problem e) {
            return value;
        }
    }

    /** A setting, or {@code null}. */
    @Nullable
    String get(String name) {
        return settings.get(name);
    }

    /** A text of this library with another name of the model; all else stays as it is, letter for letter. */
    static String ofModel(String text, String model) {
        int line = text.lastIndexOf('\n') + 1;
        int at = text.indexOf(MODEL, line); // the first one: values of other settings may hold it too, later
        if (at < 0) {
            return text;
        }
        int start = at + MODEL.length();
        return text.substring(0, start) + quoted(model) + text.substring(end(text, start));
    }

    /** As it stands in a picture; values with commas, colons or line ends are quoted as JSON. */
    String toText() {
        StringBuilder text = new StringBuilder(prompt);
        if (!negativePrompt.isEmpty()) {
            text.append('\n').append(NEGATIVE).append(' ').append(negativePrompt);
        }
        List<String> parts = new ArrayList<>();
        settings.forEach((name, value) -> parts.add(name + ": " + quoted(value)));
        return text.append('\n').append(String.join(", ", parts)).toString().strip();
    }

    private static String quoted(String value) {
        boolean plain = value.indexOf(',') < 0 && value.indexOf(':') < 0 && value.indexOf('\n') < 0;
        return plain ? value : quotedJson(value);
    }

    /** Letters stay letters, where other JSON of this library is ASCII. */
    private static String quotedJson(String value) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append(c == '\n' ? "\\n" : String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
