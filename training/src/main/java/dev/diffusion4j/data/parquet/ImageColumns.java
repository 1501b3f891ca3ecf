// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a table that hold pictures, classes and captions: those that are named, or those that are found.
 *
 * @param image its name
 * @param label its name, or {@code null} where there are no classes
 * @param caption its name, or {@code null} where there are no captions
 * @param classNames class 0 first; empty where the file does not name them
 * @param labelIsText whether classes are words
 */
public record ImageColumns(
        String image, @Nullable String label, @Nullable String caption, List<String> classNames, boolean labelIsText) {
    private static final List<String> CAPTIONS = List.of("text", "caption", "prompt");
    private static final String IMAGE = "image";
    private static final String LABEL = "label";

    private enum Kind {
        IMAGE("a picture"),
        BYTES("bytes"),
        TEXT("text"),
        WHOLE("whole numbers"),
        OTHER("something else");

        private final String words;

        Kind(String words) {
            this.words = words;
        }
    }

    /**
     * Looks at a table's columns.
     *
     * @param card what the data set's card says of them, where the file itself does not
     * @throws Problem (a wrong request) where a named column is not there or holds something else, or which one is meant is not clear;
     *     the message names those that are there
     */
    public static ImageColumns find(ParquetTable table, ColumnChoice choice, Features card, String where) {
        Features features = Features.ofNotes(table.notes(), where).or(card);
        MessageType schema = table.schema();
        String image = choice.image();
        if (image == null) {
            image = onlyImage(schema, features, where);
        } else {
            check(schema, image, "imageColumn", where, List.of(Kind.IMAGE, Kind.BYTES));
        }
        String label = choice.label();
        if (label == null) {
            label = foundLabel(schema, features);
        } else {
            check(schema, label, "labelColumn", where, List.of(Kind.WHOLE, Kind.TEXT));
        }
        String caption = choice.caption();
        if (caption == null) {
            caption = CAPTIONS.stream()
                    .filter(name -> schema.containsField(name) && kind(schema.getType(name)) == Kind.TEXT)
                    .findFirst()
                    .orElse(null);
        } else {
            check(schema, caption, "captionColumn", where, List.of(Kind.TEXT));
        }
        boolean isText = label != null && kind(schema.getType(label)) == Kind.TEXT;
        List<String> names = label == null ? List.of() : classNames(schema, features, label);
        return new ImageColumns(image, label, caption, isText ? List.of() : names, isText);
    }

    private static List<String> classNames(MessageType schema, Features features, String label) {
        boolean yesNo = schema.getType(label).asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BOOLEAN;
        return features.classes().getOrDefault(label, yesNo ? List.of("no", "yes") : List.of());
    }

    private static String onlyImage(MessageType schema, Features features, String where) {
        List<String> found = named(schema, type -> features.images().contains(type.getName()) && holdsImages(type));
        if (found.isEmpty()) {
            found = named(schema, type -> kind(type) == Kind.IMAGE);
        }
        if (found.isEmpty()) {
            found = named(schema, type -> kind(type) == Kind.BYTES);
        }
        if (found.contains(IMAGE)) {
            return IMAGE;
        }
        if (found.size() == 1) {
            return found.get(0);
        }
        throw Problem.request(
                found.isEmpty()
                        ? where + " has no column of pictures (bytes of image files); its columns: " + list(schema)
                        : where + " has several columns of pictures, " + String.join(", ", found)
                                + ": name one with {imageColumn}, such as " + found.get(0));
    }

    private static @Nullable String foundLabel(MessageType schema, Features features) {
        Map<String, List<String>> classes = features.classes();
        List<String> found = named(schema, type -> classes.containsKey(type.getName()) && kind(type) == Kind.WHOLE);
        if (found.size() == 1) {
            return found.get(0);
        }
        boolean isThere = schema.containsField(LABEL) && kind(schema.getType(LABEL)) == Kind.WHOLE;
        return isThere ? LABEL : null;
    }

    private static void check(MessageType schema, String name, String field, String where, List<Kind> wanted) {
        if (!schema.containsField(name)) {
            List<String> there = named(schema, type -> true);
            throw Problem.request("{" + field + "}: " + where + " has no column " + name + Nearest.hint(name, there)
                    + "; its columns: " + list(schema));
        }
        Kind kind = kind(schema.getType(name));
        if (!wanted.contains(kind)) {
            String words = String.join(" or ", wanted.stream().map(k -> k.words).toList());
            throw Problem.request("{" + field + "}: the column " + name + " of " + where + " holds " + kind.words
                    + ", not " + words + "; the columns: " + list(schema));
        }
    }

    private static List<String> named(MessageType schema, Predicate<Type> included) {
        return schema.getFields().stream().filter(included).map(Type::getName).toList();
    }

    private static String list(MessageType schema) {
        List<String> all = new ArrayList<>();
        schema.getFields().forEach(type -> all.add(type.getName() + " (" + kind(type).words + ")"));
        return String.join(", ", all);
    }

    private static boolean holdsImages(Type type) {
        return kind(type) == Kind.IMAGE || kind(type) == Kind.BYTES;
    }

    private static Kind kind(Type type) {
        if (type.isRepetition(Type.Repetition.REPEATED)) {
            return Kind.OTHER;
        }
        if (!type.isPrimitive()) {
            GroupType group = type.asGroupType();
            boolean isImage = group.containsField("bytes")
                    && group.getType("bytes").isPrimitive()
                    && kind(group.getType("bytes")) == Kind.BYTES;
            return isImage ? Kind.IMAGE : Kind.OTHER;
        }
        LogicalTypeAnnotation annotation = type.getLogicalTypeAnnotation();
        return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
            case BINARY ->
                annotation == null
                        ? Kind.BYTES
                        : annotation instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation
                                ? Kind.TEXT
                                : Kind.OTHER;
            case BOOLEAN -> Kind.WHOLE;
            case INT32, INT64 ->
                annotation == null || annotation instanceof LogicalTypeAnnotation.IntLogicalTypeAnnotation
                        ? Kind.WHOLE
                        : Kind.OTHER;
            default -> Kind.OTHER;
        };
    }

    /** The column of the pictures' bytes. */
    ColumnDescriptor bytes(MessageType schema) {
        return schema.getType(image).isPrimitive()
                ? schema.getColumnDescription(new String[] {image})
                : schema.getColumnDescription(new String[] {image, "bytes"});
    }

    /** The column that names files in place of bytes; {@code null} where there is none. */
    @Nullable
    ColumnDescriptor path(MessageType schema) {
        Type type = schema.getType(image);
        boolean isThere = !type.isPrimitive()
                && type.asGroupType().containsField("path")
                && kind(type.asGroupType().getType("path")) == Kind.TEXT;
        return isThere ? schema.getColumnDescription(new String[] {image, "path"}) : null;
    }

    /** In a few words, for messages and fingerprints. */
    public String text() {
        return image + (label == null ? "" : ", " + label) + (caption == null ? "" : ", " + caption);
    }
}
