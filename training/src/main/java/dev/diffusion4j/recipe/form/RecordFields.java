// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.form.RecipeField.Type;
import dev.diffusion4j.recipe.form.RecipeForm.Group;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The fields of a recipe, from its records: a record within it is a group, and so on inwards. */
final class RecordFields {
    /** What describes a recipe, and what is filled in when a run is set up. */
    private static final Set<String> NOT_ASKED = Set.of(
            "name",
            "summary",
            "source",
            "figures",
            "cost",
            "model.from_sha256",
            "model.parts_sha256",
            "model.conditioner",
            "model.codec");

    private final List<Group> groups = new ArrayList<>();

    private RecordFields() {}

    static List<Group> of(Recipe recipe) {
        RecordFields all = new RecordFields();
        all.add("", "", recipe, false, true);
        all.groups.removeIf(group -> group.fields().isEmpty());
        return all.groups;
    }

    private void add(String key, String help, Record record, boolean isOptional, boolean isOn) {
        int place = groups.size();
        List<RecipeField> fields = new ArrayList<>();
        List<String> keys = Records.keys(record.getClass());
        Map<String, @Nullable Object> values = Records.toMap(record);
        RecordComponent[] components = record.getClass().getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            String name = keys.get(i);
            String full = key.isEmpty() ? name : key + "." + name;
            if (NOT_ASKED.contains(full)) {
                continue;
            }
            String line = FieldHelp.of(record.getClass(), name);
            boolean isNullable = components[i].getAnnotatedType().isAnnotationPresent(Nullable.class);
            if (isGroup(components[i].getType())) {
                Record inner = inner(record, components[i]);
                add(
                        full,
                        line,
                        inner != null ? inner : usual(components[i].getType()),
                        isNullable,
                        isOn && inner != null);
            } else {
                fields.add(field(full, record, name, components[i].getType(), values.get(name), isNullable, line));
                if (values.get(name) instanceof Map<?, ?> map) {
                    map.forEach((inside, value) -> fields.add(ofMap(full + "." + inside, value)));
                }
            }
        }
        groups.add(place, new Group(key, help, isOptional, isOn, fields));
    }

    private static boolean isGroup(Class<?> type) {
        return type.isRecord()
                && Arrays.stream(type.getMethods())
                        .noneMatch(method -> method.getName().equals("fromJson"));
    }

    private static @Nullable Record inner(Record record, RecordComponent component) {
        try {
            return (Record) component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Record usual(Class<?> type) {
        try {
            return (Record)
                    java.util.Objects.requireNonNull(type.getField("DEFAULT").get(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RecipeField field(
            String full,
            Record record,
            String name,
            Class<?> type,
            @Nullable Object value,
            boolean isOptional,
            String help) {
        Type asked = type(type);
        FieldLimits limits = asked == Type.INTEGER || asked == Type.NUMBER
                ? FieldLimits.of(record, name, asked == Type.INTEGER)
                : FieldLimits.NONE;
        return new RecipeField(
                full, asked, value, isOptional, choices(type), limits.least(), limits.most(), limits.allowed(), help);
    }

    /** A key of a group that is of another kind with each network or scheduler. */
    private static RecipeField ofMap(String full, @Nullable Object value) {
        Type type = value instanceof Long
                ? Type.INTEGER
                : value instanceof Number
                        ? Type.NUMBER
                        : value instanceof Boolean ? Type.BOOLEAN : value instanceof String ? Type.TEXT : Type.YAML;
        return new RecipeField(full, type, value, true, List.of(), null, null, "", "");
    }

    private static Type type(Class<?> type) {
        if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
            return Type.INTEGER;
        }
        if (type == double.class || type == Double.class) {
            return Type.NUMBER;
        }
        if (type == boolean.class || type == Boolean.class) {
            return Type.BOOLEAN;
        }
        return type == String.class ? Type.TEXT : type.isEnum() ? Type.CHOICE : Type.YAML;
    }

    private static List<String> choices(Class<?> type) {
        if (!type.isEnum()) {
            return List.of();
        }
        return Arrays.stream(type.getEnumConstants())
                .map(constant -> constant instanceof Keyed keyed ? keyed.key() : String.valueOf(constant))
                .toList();
    }
}
