// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.recipe.Recipe;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The help of a recipe's fields is the Javadoc of its records: {@code fields.yaml} says what they say, and nothing else. */
class FieldsFileTest {
    private static final Path FILE = Path.of("src/main/resources" + FieldHelp.FILE);
    private static final List<Path> SOURCES = List.of(Path.of("src/main/java"), Path.of("../core/src/main/java"));

    /** The records that a recipe is made of. */
    private static void collect(Class<?> type, Map<String, Class<? extends Record>> found) {
        if (!type.isRecord() || found.putIfAbsent(type.getSimpleName(), type.asSubclass(Record.class)) != null) {
            return;
        }
        for (RecordComponent component : type.getRecordComponents()) {
            collect(component.getType(), found);
            if (component.getGenericType() instanceof ParameterizedType generic) {
                for (Type argument : generic.getActualTypeArguments()) {
                    if (argument instanceof Class<?> inner) {
                        collect(inner, found);
                    }
                }
            }
        }
    }

    private static String source(Class<?> type) throws IOException {
        Class<?> outermost = type;
        while (outermost.getEnclosingClass() != null) {
            outermost = outermost.getEnclosingClass();
        }
        String name = outermost.getName().replace('.', '/') + ".java";
        for (Path folder : SOURCES) {
            if (Files.exists(folder.resolve(name))) {
                return Files.readString(folder.resolve(name));
            }
        }
        throw new IOException("no source of " + type);
    }

    /** The {@code @param} lines of a record's Javadoc, by key. */
    private static Map<String, String> lines(Class<? extends Record> type) throws IOException {
        String source = source(type);
        int record = source.indexOf("record " + type.getSimpleName() + "(");
        int start = source.lastIndexOf("/**", record);
        String comment = source.substring(start, source.indexOf("*/", start)).replaceAll("(?m)^\\s*\\* ?", "");
        List<String> keys = Records.keys(type);
        List<String> names = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            names.add(component.getName());
        }
        Map<String, String> lines = new LinkedHashMap<>();
        Matcher params = Pattern.compile("(?s)@param (\\w+) (.*?)(?=\\n@|$)").matcher(comment);
        while (params.find()) {
            lines.put(keys.get(names.indexOf(params.group(1))), plain(params.group(2)));
        }
        return lines;
    }

    private static String plain(String javadoc) {
        return javadoc.replaceAll("\\s+", " ")
                .replaceAll("\\{@code ((?:[^{}]|\\{[^{}]*})*)}", "$1")
                .replaceAll("\\{@link #(\\w+)[^}]*}", "$1")
                .replaceAll("\\{@link ([\\w.]*\\.)?(\\w+)[^}]*}", "$2")
                .replace("&amp;", "&")
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .strip();
    }

    @Test
    void the_file_says_what_the_javadoc_says() throws IOException {
        Map<String, Class<? extends Record>> records = new TreeMap<>();
        collect(Recipe.class, records);
        StringBuilder text = new StringBuilder(
                "# Made from the Javadoc of the recipe's records by FieldsFileTest, which says where the new one lies when they differ.\n");
        for (Map.Entry<String, Class<? extends Record>> record : records.entrySet()) {
            Map<String, String> lines = lines(record.getValue());
            assertThat(lines.keySet()).as(record.getKey()).containsAll(Records.keys(record.getValue()));
            text.append(record.getKey()).append(":\n");
            lines.forEach((key, line) -> text.append("  ")
                    .append(key)
                    .append(": \"")
                    .append(line.replace("\\", "\\\\").replace("\"", "\\\""))
                    .append("\"\n"));
        }
        Path made = Path.of("target/fields.yaml");
        Files.createDirectories(made.toAbsolutePath().getParent());
        Files.writeString(made, text);
        assertThat(Files.readString(FILE))
                .as("the Javadoc of a record changed: copy training/target/fields.yaml to training/%s", FILE)
                .isEqualTo(text.toString());
    }
}
