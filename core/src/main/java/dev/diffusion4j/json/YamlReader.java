// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One document of YAML as plain values. Aliases and merge keys ({@code <<: *defaults}) mean what they mean to PyYAML; each alias is
 * a copy, which counts towards the number of values, so that a few lines cannot become millions.
 */
final class YamlReader {
    private static final int MAX_DEPTH = 200;
    private static final int MAX_VALUES = 1_000_000;
    private static final String MERGE = "<<";

    private final YAMLParser parser;
    /** Of groups and lists; {@link AnchoredYaml} knows those of scalars. */
    private final Map<String, @Nullable Object> anchors = new HashMap<>();

    private int values;
    private int depth;

    YamlReader(YAMLParser parser) {
        this.parser = parser;
    }

    /** The value; {@code null} for an empty text. */
    @Nullable
    Object document() throws IOException {
        if (parser.nextToken() == null) {
            return null;
        }
        Object value = value();
        if (parser.nextToken() != null) {
            throw refused("a second document begins here, and only one is read");
        }
        return value;
    }

    private @Nullable Object value() throws IOException {
        count();
        if (parser.isCurrentAlias()) {
            return copy(named(parser.getText()));
        }
        boolean isGroup = parser.currentToken().isStructStart();
        String anchor = parser.getObjectId();
        if (isGroup && anchor != null) {
            anchors.remove(anchor); // it may name another value from here on, but not itself
        }
        Object value = plain();
        if (isGroup && anchor != null) {
            anchors.put(anchor, value);
        }
        return value;
    }

    private @Nullable Object plain() throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> object();
            case START_ARRAY -> list();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser.getNumberValue());
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }

    private List<@Nullable Object> list() throws IOException {
        enter();
        List<@Nullable Object> list = new ArrayList<>();
        while (next() != JsonToken.END_ARRAY) {
            list.add(value());
        }
        depth--;
        return list;
    }

    private Map<String, @Nullable Object> object() throws IOException {
        enter();
        Map<String, @Nullable Object> own = new LinkedHashMap<>();
        Map<String, @Nullable Object> merged = new LinkedHashMap<>();
        while (next() != JsonToken.END_OBJECT) {
            String key = String.valueOf(parser.currentName());
            if (own.containsKey(key)) {
                throw refused("the key '" + key + "' is there twice");
            }
            next();
            Object value = value();
            if (key.equals(MERGE)) {
                merge(value, merged);
            } else {
                own.put(key, value);
            }
        }
        depth--;
        own.forEach(merged::put);
        return merged;
    }

    /** What is merged first stays, as in PyYAML. */
    private void merge(@Nullable Object value, Map<String, @Nullable Object> into) throws IOException {
        for (Object part : value instanceof List<?> list ? list : java.util.Collections.singletonList(value)) {
            if (!(part instanceof Map<?, ?>)) {
                throw refused("'<<' merges groups of keys, but got " + Json.describe(part));
            }
            Json.object(part).forEach((key, merged) -> {
                if (!into.containsKey(key)) {
                    into.put(key, merged);
                }
            });
        }
    }

    private @Nullable Object named(String anchor) throws IOException {
        if (!anchors.containsKey(anchor)) {
            throw refused("the alias '*" + anchor + "' names no value before it: '&" + anchor + "' must mark one");
        }
        return anchors.get(anchor);
    }

    private @Nullable Object copy(@Nullable Object value) throws IOException {
        if (value instanceof Map<?, ?>) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            for (Map.Entry<String, @Nullable Object> entry : Json.object(value).entrySet()) {
                count();
                copy.put(entry.getKey(), copy(entry.getValue()));
            }
            return copy;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>();
            for (Object part : list) {
                count();
                copy.add(copy(part));
            }
            return copy;
        }
        return value;
    }

    private void count() throws IOException {
        if (++values > MAX_VALUES) {
            throw refused("it holds more than " + MAX_VALUES + " values, those of aliases among them");
        }
    }

    private void enter() throws IOException {
        if (++depth > MAX_DEPTH) {
            throw refused("it is nested more than " + MAX_DEPTH + " levels deep");
        }
    }

    private JsonToken next() throws IOException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw refused("it ends in the middle of a value");
        }
        return token;
    }

    /** Jackson gives small integers as Integer; we know Long only. */
    private static Object number(Number value) {
        if (value instanceof Integer small) {
            return small.longValue();
        }
        return value instanceof BigInteger big ? (Object) big.doubleValue() : value;
    }

    private Refused refused(String message) {
        return new Refused(message, parser);
    }

    /** What is refused though a parser can read it, with the place. */
    static final class Refused extends com.fasterxml.jackson.core.JsonProcessingException {
        private static final long serialVersionUID = 1L;

        Refused(String message, JsonParser parser) {
            super(message, parser.currentTokenLocation());
        }
    }
}
