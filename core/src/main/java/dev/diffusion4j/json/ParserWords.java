// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** What a parser found wrong, in words for whoever wrote the file, and where; the parser's own words are for programmers. */
final class ParserWords {
    private static final String UNKNOWN = "it cannot be read from here on";

    /** How a parser of JSON begins its message, and what that means. */
    private static final Map<Pattern, String> OF_JSON = new LinkedHashMap<>();

    /** What SnakeYAML's problem holds, and what that means. */
    private static final Map<Pattern, String> OF_YAML = new LinkedHashMap<>();

    static {
        json("Unexpected end-of-input", "it ends in the middle of a value");
        json("Unexpected character \\('(.)'.*expecting comma", "a ',' is missing before '$1'");
        json("Unexpected character \\('(.)'.*expecting a colon", "a ':' is missing before '$1'");
        json("Unexpected character \\('(.)'.*field name", "'$1' stands where a key in double quotes must stand");
        json("Unexpected character \\('(.)'", "'$1' stands where a value must stand");
        json("Unexpected close marker '(.)'", "'$1' closes what is not open");
        json("Unrecognized token '([^']{1,60})'", "'$1' is no value: a text stands in double quotes");
        json("Unrecognized token", "a word that is no value: a text stands in double quotes");
        json("Illegal unquoted character", "a line end or another control character stands in a text");
        json("Unrecognized character escape", "a '\\\\' stands before a character that needs none");
        json("Invalid numeric value|Illegal character .* number", "a number is not written as JSON writes it");
        json("Invalid UTF|Illegal character", "a character that is not allowed");

        yaml("character '\\t\\(TAB\\)'|\\\\t\\(TAB\\)", "a tab stands where only spaces may: indent with spaces");
        yaml("found character '(.)", "'$1' may not begin a value: put it in quotes");
        yaml(
                "mapping values are not allowed",
                "a ':' is not expected here: put the text in quotes, or mend the indentation");
        yaml("could not find expected ':'", "a line is no 'key: value'");
        yaml("expected <block end>", "the indentation does not fit the lines above");
        yaml("sequence entries are not allowed", "a '-' is not expected here: begin a new line with it");
        yaml("expected ',' or '(.)'", "a ',' or the closing '$1' is missing");
        yaml("unexpected end of stream", "a quote is opened and never closed");
        yaml("unknown escape character", "a '\\\\' stands before a character that needs none: use single quotes");
        yaml("duplicate key", "a key is there twice");
        yaml(
                "expected alphabetic or numeric|unexpected character found",
                "a '*' or '&' names nothing: put the text in quotes");
        yaml("special characters are not allowed", "it holds a character that no text has");
        yaml("tag|directive", "a '!' or '%' begins what is not understood: put the text in quotes");
    }

    private ParserWords() {}

    private static void json(String pattern, String words) {
        OF_JSON.put(Pattern.compile(pattern, Pattern.DOTALL), words);
    }

    private static void yaml(String pattern, String words) {
        OF_YAML.put(Pattern.compile(pattern, Pattern.DOTALL), words);
    }

    /** What is wrong, with the line and the column. */
    static String of(JsonProcessingException problem) {
        return what(problem) + at(problem);
    }

    private static String what(JsonProcessingException problem) {
        if (problem instanceof YamlReader.Refused || problem instanceof Json.Refused) {
            return problem.getOriginalMessage();
        }
        if (problem instanceof StreamConstraintsException) {
            return "it is nested too deep, or a text or a number in it is too long";
        }
        MarkedYAMLException yaml = yaml(problem);
        return yaml == null
                ? words(OF_JSON, problem.getOriginalMessage())
                : words(OF_YAML, String.valueOf(yaml.getProblem()));
    }

    private static String words(Map<Pattern, String> table, String message) {
        for (Map.Entry<Pattern, String> entry : table.entrySet()) {
            Matcher matcher = entry.getKey().matcher(message);
            if (matcher.find()) {
                StringBuilder words = new StringBuilder();
                matcher.appendReplacement(words, entry.getValue());
                return words.substring(matcher.start());
            }
        }
        return UNKNOWN;
    }

    private static @Nullable MarkedYAMLException yaml(Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            if (cause instanceof MarkedYAMLException yaml) {
                return yaml;
            }
        }
        return null;
    }

    /** SnakeYAML knows where the problem is; Jackson names where what surrounds it begins. */
    private static String at(JsonProcessingException problem) {
        MarkedYAMLException yaml = yaml(problem);
        Mark mark = yaml == null ? null : yaml.getProblemMark();
        if (mark != null) {
            return at(mark.getLine() + 1, mark.getColumn() + 1);
        }
        JsonLocation location = problem.getLocation();
        return location == null ? "" : at(location.getLineNr(), location.getColumnNr());
    }

    private static String at(int line, int column) {
        return " (line " + line + ", column " + column + ")";
    }
}
