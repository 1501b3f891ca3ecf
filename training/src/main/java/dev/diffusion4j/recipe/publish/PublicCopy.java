// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Files that name folders of this machine, without their paths: {@code folder:/home/ada/cats} is published as {@code folder:cats}. */
final class PublicCopy {
    /** A path from the root on, perhaps behind a word such as {@code folder:}; its last name is the group. */
    private static final Pattern ABSOLUTE =
            Pattern.compile("^(\\w+:)?(?:/|[A-Za-z]:[\\\\/])(?!/)(?:[^:]*[/\\\\])?([^/\\\\:]+)/?(:.*)?$");

    private PublicCopy() {}

    /** {@code file} itself, or a copy for the time of this process where it names paths. */
    static Path of(String name, Path file) {
        boolean isYaml = name.endsWith("recipe.yaml");
        if (!isYaml && !name.endsWith("adapter_config.json")) {
            return file;
        }
        Map<String, @Nullable Object> content = isYaml ? Yaml.readObject(file) : Json.readObject(file);
        Map<String, @Nullable Object> clean = cleaned(content);
        if (clean.equals(content)) {
            return file;
        }
        return temporary(isYaml ? Yaml.write(clean) : Json.pretty(clean), name);
    }

    /** A file that goes with this process. */
    static Path temporary(String text, String name) {
        try {
            Path written = Files.createTempFile("publish", "." + name.replaceAll(".*\\.", ""));
            written.toFile().deleteOnExit();
            return Files.writeString(written, text);
        } catch (IOException e) {
            throw Problem.failure("cannot prepare " + name + " for the Hub: " + AtomicFile.reason(e), e);
        }
    }

    private static Map<String, @Nullable Object> cleaned(Map<String, @Nullable Object> content) {
        Map<String, @Nullable Object> clean = new LinkedHashMap<>();
        content.forEach((key, value) -> clean.put(key, cleaned(value)));
        return clean;
    }

    private static @Nullable Object cleaned(@Nullable Object value) {
        if (value instanceof Map<?, ?> inner) {
            return cleaned(Json.object(inner));
        }
        if (value instanceof List<?> list) {
            return list.stream().map(PublicCopy::cleaned).toList();
        }
        return value instanceof String text ? text(text) : value;
    }

    static String text(String value) {
        var found = ABSOLUTE.matcher(value);
        if (!found.matches()) {
            return value;
        }
        return (found.group(1) == null ? "" : found.group(1))
                + found.group(2)
                + (found.group(3) == null ? "" : found.group(3));
    }
}
