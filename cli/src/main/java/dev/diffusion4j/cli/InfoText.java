// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.pipeline.ModelInfo;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@code info} reports, for people: YAML with units and separators; a picture's note as JSON. */
final class InfoText {
    private InfoText() {}

    static String of(Map<String, @Nullable Object> info) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(info);
        Object note = rest.get(RunManifest.NOTE);
        if (!(note instanceof Map<?, ?>)) {
            return unquoted(Yaml.write(readable(rest)));
        }
        rest.remove(RunManifest.NOTE);
        String others = rest.isEmpty() ? "" : Yaml.write(readable(rest));
        return others + RunManifest.NOTE + ":\n"
                + Json.pretty(Json.object(note)).indent(2);
    }

    /** YAML's quotes around 1,234 are of no use to people. */
    private static String unquoted(String yaml) {
        return yaml.replaceAll("(?m): \"(\\d{1,3}(?:,\\d{3})+)\"$", ": $1");
    }

    private static Map<String, @Nullable Object> readable(Map<?, ?> values) {
        Map<String, @Nullable Object> readable = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            String name = String.valueOf(key);
            readable.put(
                    name.equals(ModelInfo.NOT_FINITE) ? "numbers that are not finite (NaN or infinite)" : name,
                    switch (name) {
                        case "bytes", "files" -> counted(value, "bytes");
                        case "parameters", "numbers", ModelInfo.NOT_FINITE -> counted(value, "");
                        default -> plain(value);
                    });
        });
        return readable;
    }

    /** A count, or a map of counts. */
    private static @Nullable Object counted(@Nullable Object value, String unit) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> each = new LinkedHashMap<>();
            map.forEach((key, count) -> each.put(String.valueOf(key), counted(count, unit)));
            return each;
        }
        if (value instanceof Long count) {
            if (unit.isEmpty()) {
                return count < 1000 ? (Object) count : String.format(Locale.ROOT, "%,d", count);
            }
            return size(count);
        }
        return plain(value);
    }

    static String size(long bytes) {
        if (bytes < 1024) {
            return bytes + " bytes";
        }
        List<String> units = List.of("KiB", "MiB", "GiB");
        double number = bytes / 1024.0;
        int unit = 0;
        while (number >= 1024 && unit < units.size() - 1) {
            number /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, "%,.1f %s", number, units.get(unit));
    }

    /** Java writes 0.0001 as 1.0E-4. */
    private static @Nullable Object plain(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return readable(map);
        }
        if (value instanceof List<?> list) {
            return list.stream()
                    .map(InfoText::plain)
                    .map(Objects::requireNonNull)
                    .toList();
        }
        if (value instanceof Double number && Double.isFinite(number) && Math.abs(number) < 1) {
            return number == 0 ? (Object) number : new BigDecimal(Double.toString(number)).stripTrailingZeros();
        }
        return value;
    }
}
