// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Worded;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Plain maps to records and back. A component {@code numTrainTimesteps} has the key {@code num_train_timesteps}. What a map
 * does not say is taken from a record that holds the defaults, so that each default is written once; the record's own
 * constructor checks the values. Types: numbers, boolean, String, {@link Keyed} enums, records, lists and maps of these,
 * and classes with a {@code fromJson(Object)} and a {@code toJson()}.
 */
public final class Records {
    private Records() {}

    /** A record, and what was in the map but not in the record. */
    public record Bound<R extends Record>(R value, Map<String, @Nullable Object> unknown) {}

    /**
     * {@code defaults} with the values of {@code map}.
     *
     * @param where what is being read ("recipe quickstart"), for messages
     * @throws IllegalArgumentException on an unknown key (naming the nearest known one), a wrong type, or a value that the
     *     record refuses
     */
    public static <R extends Record> R bind(R defaults, Map<String, ?> map, String where) {
        Bound<R> bound = bindKnown(defaults, map, where);
        for (String key : bound.unknown().keySet()) {
            List<String> known = keys(defaults.getClass());
            throw new IllegalArgumentException(where + ": unknown key '" + key + "'" + hint(key, defaults.getClass())
                    + "; known are " + String.join(", ", known));
        }
        return bound.value();
    }

    /** The group that the key belongs into, where it is only written at the wrong level; else the nearest key. */
    private static String hint(String key, Class<? extends Record> type) {
        List<String> inner = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            if (component.getType().isRecord()) {
                Class<? extends Record> group = component.getType().asSubclass(Record.class);
                if (keys(group).contains(key)) {
                    inner.add(key(component) + "." + key);
                }
            }
        }
        return inner.isEmpty()
                ? Nearest.hint(key, keys(type))
                : " (did you mean '" + String.join("' or '", inner) + "'?)";
    }

    /** As {@link #bind}, but unknown keys are given back instead of refused. */
    public static <R extends Record> Bound<R> bindKnown(R defaults, Map<String, ?> map, String where) {
        Map<String, @Nullable Object> unknown = new LinkedHashMap<>(map);
        RecordComponent[] components = defaults.getClass().getRecordComponents();
        @Nullable Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            String key = key(components[i]);
            Object fallback = get(defaults, components[i]);
            if (unknown.containsKey(key)) {
                values[i] = convert(
                        unknown.remove(key),
                        components[i].getGenericType(),
                        fallback,
                        isNullable(components[i]),
                        where + ": " + key);
            } else {
                values[i] = fallback;
            }
        }
        @SuppressWarnings("unchecked")
        Class<R> type = (Class<R>) defaults.getClass();
        return new Bound<>(construct(type, components, values, where), unknown);
    }

    /** A copy without the keys that begin with an underscore: what a file says of itself, not of its subject. */
    public static Map<String, @Nullable Object> settings(Map<String, ? extends @Nullable Object> map) {
        Map<String, @Nullable Object> own = new LinkedHashMap<>(map);
        own.keySet().removeIf(key -> key.startsWith("_"));
        return own;
    }

    /** The record's values under their keys, in the record's order; nested records become maps. */
    public static Map<String, @Nullable Object> toMap(Record record) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            map.put(key(component), plain(get(record, component)));
        }
        return map;
    }

    /** {@code record} with one value changed, checked anew: {@code with(config, "prediction_type", "v_prediction")}. */
    public static <R extends Record> R with(R record, String key, @Nullable Object value) {
        Map<String, @Nullable Object> change = new LinkedHashMap<>();
        change.put(key, plain(value));
        return bind(record, change, record.getClass().getSimpleName());
    }

    /** As {@link #with(Record, String, Object)} for several values at once, which are checked together. */
    public static <R extends Record> R with(R record, Map<String, ?> values) {
        Map<String, @Nullable Object> change = new LinkedHashMap<>();
        values.forEach((key, value) -> change.put(key, plain(value)));
        return bind(record, change, record.getClass().getSimpleName());
    }

    /** The keys of a record class, in order. */
    public static List<String> keys(Class<? extends Record> type) {
        return Arrays.stream(type.getRecordComponents()).map(Records::key).toList();
    }

    private static String key(RecordComponent component) {
        return snakeCase(component.getName());
    }

    static String snakeCase(String name) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isUpperCase(c)) {
                out.append('_').append(Character.toLowerCase(c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static boolean isNullable(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    private static @Nullable Object get(Record record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    private static <R extends Record> R construct(
            Class<R> type, RecordComponent[] components, @Nullable Object[] values, String where) {
        try {
            Class<?>[] types =
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
            Constructor<R> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw new InvalidArgument(where + ": " + Worded.marked(refused), refused);
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof Record record && !hasToJson(record.getClass())) {
            return toMap(record);
        }
        if (value instanceof Keyed keyed) {
            return keyed.key();
        }
        if (value instanceof List<?> list) {
            return list.stream().map(Records::plain).toList();
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            map.forEach((k, v) -> copy.put(String.valueOf(k), plain(v)));
            return copy;
        }
        if (value instanceof Integer number) {
            return number.longValue();
        }
        if (value != null && hasToJson(value.getClass())) {
            return invoke(value.getClass(), "toJson", value);
        }
        return value;
    }

    private static @Nullable Object convert(
            @Nullable Object value, Type type, @Nullable Object fallback, boolean nullable, String where) {
        if (value == null) {
            if (nullable) {
                return null;
            }
            throw new IllegalArgumentException(where + " must not be null");
        }
        if (type instanceof ParameterizedType generic) {
            return convertGeneric(value, generic, where);
        }
        return convertTo((Class<?>) type, value, fallback, where);
    }

    private static @Nullable Object convertTo(Class<?> raw, Object value, @Nullable Object fallback, String where) {
        if (raw == int.class || raw == Integer.class) {
            return Math.toIntExact(integer(value, Integer.MIN_VALUE, Integer.MAX_VALUE, where));
        }
        if (raw == long.class || raw == Long.class) {
            return integer(value, Long.MIN_VALUE, Long.MAX_VALUE, where);
        }
        if (raw == double.class || raw == Double.class) {
            return number(value, where);
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return expect(value, Boolean.class, "true or false", where);
        }
        if (raw == String.class) {
            return value instanceof Number || value instanceof Boolean
                    ? value.toString()
                    : expect(value, String.class, "a text", where);
        }
        if (raw.isEnum()) {
            return constant(raw, expect(value, String.class, "a name", where), where);
        }
        if (hasFromJson(raw)) {
            return fromJson(raw, value, where);
        }
        if (raw.isRecord()) {
            Map<String, @Nullable Object> map = Json.object(expect(value, Map.class, "a group of keys", where));
            return bind(fallback instanceof Record record ? record : defaults(raw), map, where);
        }
        return value;
    }

    private static Object convertGeneric(Object value, ParameterizedType generic, String where) {
        Type[] arguments = generic.getActualTypeArguments();
        if (generic.getRawType() == Map.class) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            Json.object(expect(value, Map.class, "a group of keys", where))
                    .forEach((k, v) -> copy.put(k, convert(v, arguments[1], null, true, where + "." + k)));
            return copy;
        }
        List<?> list = expect(value, List.class, "a list", where);
        List<@Nullable Object> copy = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            copy.add(convert(list.get(i), arguments[0], null, false, where + "[" + i + "]"));
        }
        return List.copyOf(copy);
    }

    private static long integer(Object value, long low, long high, String where) {
        if (value instanceof Long number && number >= low && number <= high) {
            return number;
        }
        if (value instanceof Integer number) {
            return number;
        }
        if (value instanceof Double number
                && number == Math.rint(number)
                && number >= low
                && number <= high
                && Math.abs(number) < 1L << 53) {
            return number.longValue();
        }
        throw new IllegalArgumentException(where + " must be a whole number, but was " + Json.describe(value));
    }

    private static double number(Object value, String where) {
        if (value instanceof Number number && !Double.isNaN(number.doubleValue())) {
            return number.doubleValue();
        }
        throw new IllegalArgumentException(where + " must be a number, but was " + Json.describe(value));
    }

    private static <T> T expect(Object value, Class<T> type, String what, String where) {
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(where + " must be " + what + ", but was " + Json.describe(value));
        }
        return type.cast(value);
    }

    private static Object constant(Class<?> type, String key, String where) {
        List<String> keys = new ArrayList<>();
        List<Keyed> choices = new ArrayList<>();
        for (Object constant : type.getEnumConstants()) {
            if (constant instanceof Keyed keyed) {
                choices.add(keyed);
            }
            String name = constant instanceof Keyed keyed
                    ? keyed.key()
                    : ((Enum<?>) constant).name().toLowerCase(java.util.Locale.ROOT);
            if (name.equalsIgnoreCase(key)) {
                return constant;
            }
            keys.add(name);
        }
        throw new IllegalArgumentException(where + ": unknown value '" + key + "'"
                + (choices.isEmpty() ? Nearest.hint(key, keys) : Keyed.hint(key, choices)) + "; choose one of "
                + String.join(", ", keys));
    }

    private static Record defaults(Class<?> type) {
        try {
            return (Record)
                    java.util.Objects.requireNonNull(type.getField("DEFAULT").get(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " needs a public static DEFAULT", e);
        }
    }

    private static boolean hasFromJson(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .anyMatch(method -> method.getName().equals("fromJson"));
    }

    private static boolean hasToJson(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .anyMatch(method -> method.getName().equals("toJson"));
    }

    private static Object fromJson(Class<?> type, Object value, String where) {
        try {
            return java.util.Objects.requireNonNull(
                    type.getMethod("fromJson", Object.class).invoke(null, value));
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw new InvalidArgument(where + ": " + Worded.marked(refused), refused);
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable Object invoke(Class<?> type, String method, Object target) {
        try {
            return type.getMethod(method).invoke(target);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
