// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.json;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Writes JSON the way Python's {@code json} module does, so that saved configs are equal to the byte. */
final class PythonJson {
    private PythonJson() {}

    /** {@code indent} is the current depth, or −1 for one line. */
    static void write(StringBuilder out, @Nullable Object value, int indent, boolean sorted) {
        if (value instanceof Map<?, ?> map) {
            writeMap(out, map, indent, sorted);
        } else if (value instanceof Collection<?> list) {
            writeList(out, new ArrayList<>(list), indent, sorted);
        } else if (value instanceof double[] numbers) {
            List<Object> list = new ArrayList<>();
            for (double number : numbers) {
                list.add(number);
            }
            writeList(out, list, indent, sorted);
        } else if (value instanceof Double || value instanceof Float) {
            out.append(number(((Number) value).doubleValue()));
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            string(out, value.toString());
        }
    }

    private static void writeMap(StringBuilder out, Map<?, ?> map, int indent, boolean sorted) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        Map<?, ?> entries = sorted ? new TreeMap<>(map) : map;
        out.append('{');
        boolean first = true;
        for (Map.Entry<?, ?> entry : entries.entrySet()) {
            separate(out, first, indent);
            first = false;
            string(out, String.valueOf(entry.getKey()));
            out.append(": ");
            write(out, entry.getValue(), indent < 0 ? -1 : indent + 1, sorted);
        }
        close(out, indent, '}');
    }

    private static void writeList(StringBuilder out, List<?> list, int indent, boolean sorted) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        for (int i = 0; i < list.size(); i++) {
            separate(out, i == 0, indent);
            write(out, list.get(i), indent < 0 ? -1 : indent + 1, sorted);
        }
        close(out, indent, ']');
    }

    private static void separate(StringBuilder out, boolean first, int indent) {
        if (!first) {
            out.append(indent < 0 ? ", " : ",");
        }
        if (indent >= 0) {
            out.append('\n').append("  ".repeat(indent + 1));
        }
    }

    private static void close(StringBuilder out, int indent, char bracket) {
        if (indent >= 0) {
            out.append('\n').append("  ".repeat(indent));
        }
        out.append(bracket);
    }

    /** Python's {@code repr(float)}: the shortest digits, an exponent below 1e-4 and from 1e16 on. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = digits.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String unscaled = digits.unscaledValue().abs().toString();
        String mantissa = unscaled.length() == 1 ? unscaled : unscaled.charAt(0) + "." + unscaled.substring(1);
        return (value < 0 ? "-" : "")
                + mantissa
                + String.format(Locale.ROOT, "e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    private static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20 || c > 0x7e) {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
