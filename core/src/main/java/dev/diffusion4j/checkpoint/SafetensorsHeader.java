// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.json.Json;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON in front of a safetensors file, checked as the reference implementation checks it: offsets from 0 without holes or
 * overlaps, sizes that fit shape and dtype, nothing after the last tensor, no duplicate keys.
 *
 * @param dataStart where the tensors' bytes begin in the file
 * @param entries by name, in the order of their bytes
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
    /** No honest header is larger. */
    static final long MAX_HEADER = 100_000_000;

    private static final String METADATA = "__metadata__";

    /** A tensor and its first byte, from {@link #dataStart}. */
    record Entry(TensorInfo info, long begin) {}

    /**
     * @param json the header's bytes
     * @param fileSize of the whole file
     */
    static SafetensorsHeader parse(ByteBuffer json, long fileSize, String where) {
        long dataStart = 8L + json.remaining();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(json)
                    .toString();
        } catch (CharacterCodingException e) {
            throw broken(where, "its header is not UTF-8 text");
        }
        if (!text.startsWith("{")) {
            throw broken(where, "its header does not begin with '{'");
        }
        Map<String, @Nullable Object> object = Json.parseObject(text, where + " (header)");
        Map<String, String> metadata = metadata(object.remove(METADATA), where);
        List<Entry> entries = new ArrayList<>();
        object.forEach((name, value) -> entries.add(entry(name, value, where)));
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(entry -> entry.info().byteSize()));
        long end = 0;
        Map<String, Entry> ordered = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.begin() != end) {
                throw broken(where, "tensor '" + entry.info().name() + "' begins at byte " + entry.begin()
                        + " of the data, where byte " + end + " was expected: the tensors overlap or leave a hole");
            }
            end = Math.addExact(end, entry.info().byteSize());
            ordered.put(entry.info().name(), entry);
        }
        if (dataStart + end != fileSize) {
            throw broken(where, "its header promises " + (dataStart + end) + " bytes, but the file has " + fileSize
                    + (fileSize < dataStart + end ? "; it was cut short, fetch it again" : ""));
        }
        return new SafetensorsHeader(dataStart, ordered, metadata);
    }

    private static Map<String, String> metadata(@Nullable Object value, String where) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (value == null) {
            return metadata;
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw broken(where, METADATA + " must hold texts, but is " + Json.describe(value));
        }
        map.forEach((key, text) -> {
            if (!(text instanceof String)) {
                throw broken(where, METADATA + "." + key + " must be a text, but was " + Json.describe(text));
            }
            metadata.put((String) key, (String) text);
        });
        return metadata;
    }

    private static Entry entry(String name, @Nullable Object value, String where) {
        if (!(value instanceof Map<?, ?>)) {
            throw broken(where, "tensor '" + name + "' is described by " + Json.describe(value) + " instead of an object");
        }
        Map<String, @Nullable Object> map = Json.object(value);
        if (!(map.get("dtype") instanceof String dtypeName)) {
            throw broken(where, "tensor '" + name + "' has no dtype");
        }
        DType dtype = DType.named(dtypeName)
                .orElseThrow(() -> broken(where, "tensor '" + name + "' has the dtype '" + dtypeName
                        + "', which is not read here; known are " + List.of(DType.values())));
        List<Long> shape = wholeNumbers(map.get("shape"), where, "shape of tensor '" + name + "'");
        List<Long> offsets = wholeNumbers(map.get("data_offsets"), where, "data_offsets of tensor '" + name + "'");
        if (offsets.size() != 2 || map.size() != 3) {
            throw broken(where, "tensor '" + name + "' must have exactly dtype, shape and two data_offsets");
        }
        long begin = offsets.get(0);
        long length = offsets.get(1) - begin;
        TensorInfo info = new TensorInfo(name, dtype, shape);
        long needed;
        try {
            needed = info.byteSize();
        } catch (ArithmeticException e) {
            throw broken(where, "tensor '" + name + "' has the impossible shape " + shape);
        }
        if (length != needed) {
            throw broken(where, "tensor '" + name + "' needs " + needed + " bytes for shape " + shape + " in " + dtype
                    + ", but its data_offsets hold " + length);
        }
        return new Entry(info, begin);
    }

    private static List<Long> wholeNumbers(@Nullable Object value, String where, String what) {
        if (!(value instanceof List<?> list)) {
            throw broken(where, "the " + what + " must be a list, but is " + Json.describe(value));
        }
        List<Long> numbers = new ArrayList<>();
        for (Object element : list) {
            if (!(element instanceof Long number) || number < 0) {
                throw broken(where, "the " + what + " holds " + Json.describe(element) + " instead of a whole number >= 0");
            }
            numbers.add(number);
        }
        return numbers;
    }

    static UserError broken(String where, String what) {
        return UserError.failure(where + " is not a sound safetensors file: " + what);
    }
}
