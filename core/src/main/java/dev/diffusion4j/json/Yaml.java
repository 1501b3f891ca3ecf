// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** YAML as the same plain Java values as {@link Json}. */
public final class Yaml {
    private static final int MAX_TEXT = 3_000_000; // characters; a long card of a data set has some hundred thousand
    private static final int MAX_LINE = 200_000;

    private static final YAMLFactory FACTORY = new AnchoredYaml();

    private Yaml() {}

    /** The object in a file; {@link Problem} (a failure) naming the file and the line where there is none. */
    public static Map<String, @Nullable Object> readObject(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_TEXT) {
                throw Problem.failure(
                        file + " has " + size + " bytes, but YAML of more than " + MAX_TEXT + " is not read");
            }
            return parseObject(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** The object that {@code text} holds; {@code where} names it in errors. An empty text is an empty object. */
    public static Map<String, @Nullable Object> parseObject(String text, String where) {
        Object value = parse(text, where);
        if (value == null) {
            return new LinkedHashMap<>();
        }
        if (value instanceof Map<?, ?>) {
            return Json.object(value);
        }
        throw Problem.failure(where + " must hold 'key: value' lines, but holds " + Json.describe(value));
    }

    /** The value that {@code text} holds: {@code 3}, {@code true}, {@code [1, 2]}, {@code a word}, … */
    public static @Nullable Object parse(String text, String where) {
        checkLength(text, where);
        try (YAMLParser parser = FACTORY.createParser(text)) {
            return new YamlReader(parser).document();
        } catch (JsonProcessingException e) {
            throw Problem.failure(where + " is not YAML: " + ParserWords.of(e), e);
        } catch (IOException e) {
            throw Problem.failure(where + " is not YAML: " + AtomicFile.reason(e), e);
        }
    }

    /** The text of an object, keys in the map's order. */
    public static String write(Map<String, ?> object) {
        try {
            return new ObjectMapper(FACTORY).writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The parser copies the rest of a line at each thousand characters of it: a line of megabytes would take minutes. */
    private static void checkLength(String text, String where) {
        if (text.length() > MAX_TEXT) {
            throw Problem.failure(where + " has " + text.length() + " characters, but YAML of more than " + MAX_TEXT
                    + " is not read");
        }
        int line = 1;
        for (int from = 0; from < text.length(); line++) {
            int end = text.indexOf('\n', from);
            int next = end < 0 ? text.length() : end;
            if (next - from > MAX_LINE) {
                throw Problem.failure(where + " is not read: line " + line + " has " + (next - from)
                        + " characters, and at most " + MAX_LINE + " are allowed");
            }
            from = next + 1;
        }
    }
}
