// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields of a request, read by name and type; those of a form are texts. What nobody asks for is {@link #ignored()}. */
final class Fields {
    private static final int MOST_LETTERS = 32_000;

    private final Map<String, ? extends @Nullable Object> values;
    private final boolean areTexts;
    /** Of a form, all of each name. */
    private final Map<String, List<String>> texts;

    private final Set<String> read = new LinkedHashSet<>();
    private final Map<String, Fields> groups = new LinkedHashMap<>();

    private Fields(Map<String, ? extends @Nullable Object> values, boolean areTexts, Map<String, List<String>> texts) {
        this.values = values;
        this.areTexts = areTexts;
        this.texts = texts;
    }

    /** @throws Refusal (400) where it is not one JSON object */
    static Fields ofJson(String body) {
        try {
            return of(Json.parseObject(body, "the body"));
        } catch (Problem e) {
            throw Refusal.malformed(String.valueOf(e.getMessage()));
        }
    }

    static Fields of(Map<String, ? extends @Nullable Object> values) {
        return new Fields(values, false, Map.of());
    }

    /** Of several texts of one name the last counts, but in what is {@link #nested}. */
    static Fields ofForm(Map<String, List<String>> texts) {
        Map<String, String> last = new LinkedHashMap<>();
        texts.forEach((name, all) -> last.put(name, all.get(all.size() - 1)));
        return new Fields(last, true, texts);
    }

    /** The names that were sent and are of no use here, nulls aside; those within a {@link #group} after its own and a dot. */
    List<String> ignored() {
        List<String> names = new ArrayList<>();
        values.forEach((name, value) -> {
            Fields group = groups.get(name);
            if (group != null) {
                group.ignored().forEach(inner -> names.add(name + "." + inner));
            } else if (value != null && !read.contains(name)) {
                names.add(name);
            }
        });
        return names;
    }

    /** The fields within a field; none where it is not there, or no object. */
    Fields group(String name) {
        return values.get(name) instanceof Map<?, ?> inner
                ? groups.computeIfAbsent(name, key -> of(Json.object(inner)))
                : of(Map.of());
    }

    /** That a field has no effect beside the others, although it was read. */
    void hasNoEffect(String name) {
        read.remove(name);
    }

    @Nullable
    Object any(String name) {
        read.add(name);
        return values.get(name);
    }

    /**
     * The lists and objects of a name. In JSON it is one value of any kind; a form has them as JSON, as texts with commas between them, or in parts
     * {@code name[]} and {@code name[key]}, which is how SDKs write a list and an object.
     *
     * @throws Refusal (400) where a form has them in another way
     */
    List<Object> nested(String name) {
        Object value = any(name);
        if (!areTexts) {
            return value == null ? List.of() : List.of(value);
        }
        List<Object> found = new ArrayList<>();
        texts.forEach((key, all) -> {
            if (key.equals(name) || key.startsWith(name + "[")) {
                read.add(key);
                found.addAll(FormParts.read(name, key, all));
            }
        });
        return found;
    }

    /** Of several names, what the first one that is there says. */
    private @Nullable String given(String... names) {
        String found = null;
        for (String name : names) {
            if (any(name) != null && found == null) {
                found = name;
            }
        }
        return found;
    }

    @Nullable
    String text(String... names) {
        String name = given(names);
        if (name == null) {
            return null;
        }
        if (values.get(name) instanceof String text) {
            checkLength(name, text);
            return text;
        }
        throw wrong(name, "a text");
    }

    /** @throws Refusal (422) where it has more letters than a person would write */
    static void checkLength(String name, String text) {
        if (text.length() > MOST_LETTERS) {
            throw Refusal.limit(
                    name, "\"" + name + "\" must have at most " + MOST_LETTERS + " letters, but has " + text.length());
        }
    }

    /** In any case of letters, one of {@code allowed}; {@code usual} where it is not there. */
    String word(String name, String usual, List<String> allowed) {
        String text = text(name);
        if (text == null) {
            return usual;
        }
        return allowed.stream()
                .filter(text::equalsIgnoreCase)
                .findFirst()
                .orElseThrow(() -> wrong(name, "one of " + String.join(", ", allowed)));
    }

    @Nullable
    Double number(String... names) {
        String name = given(names);
        if (name == null) {
            return null;
        }
        Object value = values.get(name);
        if (areTexts && value instanceof String text) {
            try {
                value = Double.valueOf(text.strip());
            } catch (NumberFormatException e) {
                throw wrong(name, "a number");
            }
        }
        if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
            return number.doubleValue();
        }
        throw wrong(name, "a number");
    }

    @Nullable
    Long whole(String... names) {
        String name = given(names);
        if (name == null) {
            return null;
        }
        Object value = values.get(name);
        if (areTexts && value instanceof String text && text.strip().matches("[-+]?\\d{1,18}")) {
            return Long.valueOf(text.strip());
        }
        if (value instanceof Long number) {
            return number;
        }
        if (value instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1L << 53) {
            return number.longValue();
        }
        throw wrong(name, "a whole number");
    }

    /** At least {@code least}; {@code usual} where it is not there. */
    int count(int usual, int least, String... names) {
        Long number = whole(names);
        if (number == null) {
            return usual;
        }
        if (number < least || number > Integer.MAX_VALUE) {
            String name = java.util.Objects.requireNonNull(given(names));
            String allowed = number < least ? "at least " + least : "at most " + Integer.MAX_VALUE;
            throw Refusal.value(name, "\"" + name + "\" must be " + allowed + ", but was " + number);
        }
        return number.intValue();
    }

    boolean flag(String name) {
        Object value = any(name);
        if (value == null || value instanceof Boolean) {
            return Boolean.TRUE.equals(value);
        }
        if (areTexts && value instanceof String text && text.strip().matches("(?i)true|false|1|0")) {
            return text.strip().matches("(?i)true|1");
        }
        throw wrong(name, "true or false");
    }

    private Refusal wrong(String name, String what) {
        return Refusal.value(name, "\"" + name + "\" must be " + what + ", but was " + Json.describe(values.get(name)));
    }
}
