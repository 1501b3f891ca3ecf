// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** YAML as the same plain Java values as {@link Json}. */
public final class Yaml {
    private static final ObjectMapper MAPPER = new ObjectMapper(YAMLFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .build());

    private Yaml() {}

    /** The object in a file; {@link UserError} (exit code 1) naming the file and the line where there is none. */
    public static Map<String, @Nullable Object> readObject(Path file) {
        try {
            return parseObject(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
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
        throw UserError.failure(where + " must hold 'key: value' lines, but holds " + Json.describe(value));
    }

    /** The value that {@code text} holds: {@code 3}, {@code true}, {@code [1, 2]}, {@code a word}, … */
    public static @Nullable Object parse(String text, String where) {
        try {
            return widen(MAPPER.readValue(text, Object.class));
        } catch (JsonProcessingException e) {
            String message = e.getOriginalMessage().lines().findFirst().orElse("");
            String line =
                    e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
            throw UserError.failure(where + " is not YAML: " + message + line, e);
        }
    }

    /** The text of an object, keys in the map's order. */
    public static String write(Map<String, ?> object) {
        try {
            return MAPPER.writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Jackson gives small integers as Integer; we know Long only. */
    private static @Nullable Object widen(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> wide = new LinkedHashMap<>();
            map.forEach((key, child) -> wide.put(String.valueOf(key), widen(child)));
            return wide;
        }
        if (value instanceof java.util.List<?> list) {
            java.util.List<@Nullable Object> wide = new java.util.ArrayList<>();
            list.forEach(child -> wide.add(widen(child)));
            return wide;
        }
        if (value instanceof Integer number) {
            return number.longValue();
        }
        return value instanceof java.math.BigInteger big ? (Object) big.doubleValue() : value;
    }
}
