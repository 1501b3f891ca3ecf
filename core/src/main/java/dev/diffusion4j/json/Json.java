// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.io.Reader;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * JSON as plain Java values: {@code Map<String, Object>} (in file order), {@code List<Object>}, {@code String}, {@code Long},
 * {@code Double}, {@code Boolean}, {@code null}. Duplicate keys are refused. A bare {@code NaN}, {@code Infinity} or
 * {@code -Infinity} is read and written as Python does; who needs a number refuses NaN. What is too large for the heap is
 * refused too.
 */
public final class Json {
    private static final int MAX_DEPTH = 200;
    /** No honest JSON beside a model is larger; the largest are vocabularies of a few megabytes. */
    private static final int MAX_TEXT = HeapShare.count(100_000_000, 4);

    private static final int MAX_VALUES = HeapShare.count(5_000_000, 64);

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .disable(
                    JsonFactory.Feature
                            .CANONICALIZE_FIELD_NAMES) // a table of names, and an error of its own when it is full
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(HeapShare.count(50_000_000, 8))
                    .maxNameLength(50_000)
                    .maxNumberLength(400)
                    .build())
            .build();

    private final JsonParser parser;
    private int values;
    private long letters;

    private Json(JsonParser parser) {
        this.parser = parser;
    }

    /**
     * The object in a file.
     *
     * @throws Problem (a failure) naming the file, the line and what is wrong
     */
    public static Map<String, @Nullable Object> readObject(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_TEXT) {
                throw Problem.failure(
                        file + " has " + size + " bytes, which is too large for JSON that describes a model");
            }
            return parseObject(Files.readString(file), file.toString());
        } catch (CharacterCodingException e) {
            throw Problem.failure(file + " is not JSON: it is not UTF-8 text");
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * The object that {@code text} holds.
     *
     * @param where the name to give in an error
     * @throws Problem (a failure) where the text is not one JSON object
     */
    public static Map<String, @Nullable Object> parseObject(String text, String where) {
        Object value = parse(text, where);
        if (value instanceof Map<?, ?>) {
            return object(value);
        }
        throw Problem.failure(where + " must hold a JSON object {…}, but holds " + describe(value));
    }

    /** The value that {@code text} holds; see {@link #parseObject}. */
    public static @Nullable Object parse(String text, String where) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                throw Problem.failure(where + " is empty; it must hold JSON");
            }
            Object value = new Json(parser).value();
            end(parser);
            return value;
        } catch (IOException e) {
            throw broken(where, e);
        }
    }

    /**
     * Gives the fields of the one object that {@code text} holds to {@code field}, one after the other, so that a large object
     * is never held whole. Duplicate names at this first level are {@code field}'s business.
     *
     * @param text is read to its end, and not closed
     * @throws Problem (a failure) where the text is not one JSON object
     */
    public static void forEachField(Reader text, String where, BiConsumer<String, @Nullable Object> field) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw Problem.failure(where + " must hold a JSON object {…}");
            }
            while (next(parser) != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                next(parser);
                field.accept(name, new Json(parser).value());
            }
            end(parser);
        } catch (IOException e) {
            throw broken(where, e);
        }
    }

    private static void end(JsonParser parser) throws IOException {
        if (parser.nextToken() != null) {
            throw new Refused("more text follows the end of the value", parser);
        }
    }

    private static Problem broken(String where, IOException e) {
        if (e instanceof JsonProcessingException json) {
            return Problem.failure(where + " is not JSON: " + ParserWords.of(json), e);
        }
        return Problem.failure(where + " is not JSON: " + AtomicFile.reason(e), e);
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

    private @Nullable Object value() throws IOException {
        if (++values > MAX_VALUES) {
            throw new Refused("it holds more than " + MAX_VALUES + " values", parser);
        }
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> object();
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (next(parser) != JsonToken.END_ARRAY) {
                    list.add(value());
                }
                yield list;
            }
            case VALUE_STRING -> text(parser.getText());
            case VALUE_NUMBER_INT -> integer(parser.getBigIntegerValue());
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new Refused("a value was expected", parser);
        };
    }

    private Map<String, @Nullable Object> object() throws IOException {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (next(parser) != JsonToken.END_OBJECT) {
            String name = text(parser.currentName());
            next(parser);
            int before = map.size();
            map.put(name, value());
            if (map.size() == before) {
                throw new Refused("the key '" + name + "' is there twice", parser);
            }
        }
        return map;
    }

    private String text(String text) throws IOException {
        letters += text.length();
        if (letters > MAX_TEXT) {
            throw new Refused("it holds more than " + MAX_TEXT + " letters", parser);
        }
        return text;
    }

    private static Object integer(BigInteger value) {
        return value.bitLength() < 64 ? (Object) value.longValue() : (Object) value.doubleValue();
    }

    private static JsonToken next(JsonParser parser) throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new Refused("it ends in the middle of a value", parser);
        }
        return token;
    }

    /** What this class refuses, with the place. */
    static final class Refused extends JsonProcessingException {
        private static final long serialVersionUID = 1L;

        Refused(String message, JsonParser parser) {
            super(message, parser.currentLocation());
        }
    }
}
