// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The header of a safetensors file as the reference's writer spells it, so that equal content gives equal files. */
final class SafetensorsText {
    /** By UTF-8 bytes, as the reference compares names; Java's own order differs for letters beyond U+FFFF. */
    static final Comparator<String> ORDER = (a, b) -> Arrays.compareUnsigned(utf8(a), utf8(b));

    private SafetensorsText() {}

    /** The JSON, with spaces behind it so that the data begins at a multiple of 8 bytes. */
    static byte[] header(List<TensorInfo> tensors, Map<String, String> metadata) {
        StringBuilder json = new StringBuilder("{");
        if (!metadata.isEmpty()) {
            string(json, SafetensorsHeader.METADATA).append(":{");
            metadata.entrySet().stream().sorted(Map.Entry.comparingByKey(ORDER)).forEach(entry -> {
                string(json, entry.getKey()).append(':');
                string(json, entry.getValue()).append(',');
            });
            endList(json, '}').append(',');
        }
        long offset = 0;
        for (TensorInfo tensor : tensors) {
            long end = offset + tensor.byteSize();
            string(json, tensor.name()).append(":{\"dtype\":\"").append(tensor.dtype());
            String shape = tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(","));
            json.append("\",\"shape\":[").append(shape).append("],\"data_offsets\":[");
            json.append(offset).append(',').append(end).append("]},");
            offset = end;
        }
        byte[] text = utf8(endList(json, '}').toString());
        byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
        Arrays.fill(padded, text.length, padded.length, (byte) ' ');
        return padded;
    }

    private static StringBuilder endList(StringBuilder json, char bracket) {
        int last = json.length() - 1;
        if (json.charAt(last) == ',') {
            json.setLength(last);
        }
        return json.append(bracket);
    }

    private static StringBuilder string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                default -> json.append(c < 0x20 ? String.format(Locale.ROOT, "\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return json.append('"');
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
