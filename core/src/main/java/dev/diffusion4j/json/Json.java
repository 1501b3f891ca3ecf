// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as plain Java values: {@code Map<String, Object>} (in file order), {@code List<Object>}, {@code String}, {@code Long},
 * {@code Double}, {@code Boolean}, {@code null}. Duplicate keys are refused. A bare {@code NaN}, {@code Infinity} or
 * {@code -Infinity} is read and written as Python does; who needs a number refuses NaN.
 */
public final class Json {
    private static final int MAX_DEPTH = 200;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(50_000_000)
                    .maxNumberLength(400)
                    .build())
            .build();

    private Json() {}

    /**
     * The object in a file.
     *
     * @throws UserError (exit code 1) naming the file, the line and what is wrong
     */
    public static Map<String, @Nullable Object> readObject(Path file) {
        try {
            return parseObject(Files.readString(file), file.toString());
        } catch (MalformedInputException e) {
            throw UserError.failure(file + " is not JSON: it is not UTF-8 text");
        } catch (IOException e) {
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * The object that {@code text} holds.
     *
     * @param where the name to give in an error
     * @throws UserError (exit code 1) where the text is not one JSON object
     */
    public static Map<String, @Nullable Object> parseObject(String text, String where) {
        Object value = parse(text, where);
        if (value instanceof Map<?, ?>) {
            return object(value);
        }
        throw UserError.failure(where + " must hold a JSON object {…}, but holds " + describe(value));
    }

    /** The value that {@code text} holds; see {@link #parseObject}. */
    public static @Nullable Object parse(String text, String where) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                throw UserError.failure(where + " is empty; it must hold JSON");
            }
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw UserError.failure(where + " is not JSON: more text follows the end of the value" + at(parser.currentLocation()));
            }
            return value;
        } catch (JsonProcessingException e) {
            throw UserError.failure(where + " is not JSON: " + e.getOriginalMessage() + at(e.getLocation()), e);
        } catch (IOException e) {
            throw UserError.failure(where + " is not JSON: " + e.getMessage(), e);
        }
    }

    /** One line of compact JSON, keys in the map's order: for logs and metadata. */
    public static String compact(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        PythonJson.write(out, value, -1, false);
        return out.toString();
    }

    /** As Python's {@code json.dumps(value, indent=2, sort_keys=True) + "\n"}, which is how diffusers writes its configs. */
    public static String pretty(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        PythonJson.write(out, value, 0, true);
        return out.append('\n').toString();
    }

    /** A value that is known to be an object. */
    @SuppressWarnings("unchecked")
    public static Map<String, @Nullable Object> object(@Nullable Object value) {
        return (Map<String, @Nullable Object>) java.util.Objects.requireNonNull(value);
    }

    /** "a list", "the text 'x'", … for messages. */
    public static String describe(@Nullable Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof Map<?, ?>) {
            return "an object";
        }
        if (value instanceof List<?>) {
            return "a list";
        }
        if (value instanceof String text) {
            return "the text '" + (text.length() > 60 ? text.substring(0, 57) + "…" : text) + "'";
        }
        return String.valueOf(value);
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw new JsonEnd(parser);
        }
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (next(parser) != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    next(parser);
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (next(parser) != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> integer(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new JsonEnd(parser);
        };
    }

    private static Object integer(BigInteger value) {
        return value.bitLength() < 64 ? (Object) value.longValue() : (Object) value.doubleValue();
    }

    private static JsonToken next(JsonParser parser) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new JsonEnd(parser);
        }
        return token;
    }

    private static String at(@Nullable JsonLocation location) {
        return location == null ? "" : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }

    /** The text ends in the middle of a value. */
    private static final class JsonEnd extends JsonProcessingException {
        private static final long serialVersionUID = 1L;

        JsonEnd(JsonParser parser) {
            super("it ends in the middle of a value", parser.currentLocation());
        }
    }

    /** The bytes of {@code text} in UTF-8. */
    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
