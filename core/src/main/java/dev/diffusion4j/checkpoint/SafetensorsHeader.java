// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.BufferedInputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The JSON in front of a safetensors file, checked as the reference implementation checks it: offsets from 0 without holes or
 * overlaps, sizes that fit shape and dtype, nothing after the last tensor; and, unlike there, no name twice. A file with a
 * tensor whose numbers are smaller than a byte (F4, F6) is refused here: LibTorch cannot compute with them, so no network
 * could use each of the file's weights.
 *
 * @param dataStart where the tensors' bytes begin in the file
 * @param entries by name, in the order of their bytes
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> entries, Map<String, String> metadata) {
    /** The format allows no larger one. */
    static final long MAX_SIZE = 100_000_000;

    static final String METADATA = "__metadata__";

    private static final int MAX_TENSORS = HeapShare.count(1_000_000, 500);
    private static final Set<String> SMALLER_THAN_A_BYTE = Set.of("F4", "F6_E2M3", "F6_E3M2");

    /** A tensor and its first byte, from {@link #dataStart}. */
    record Entry(TensorInfo info, long begin) {}

    /**
     * Reads and checks the header of {@code file}, holding no more of its text than one tensor's.
     *
     * @throws Problem (a failure) naming {@code where} and what is wrong
     */
    static SafetensorsHeader read(ByteSource file, String where) {
        if (file.size() < 8) {
            throw broken(where, "it has only " + file.size() + " bytes");
        }
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        file.read(0, length);
        long size = length.getLong(0);
        if (size < 2 || size > MAX_SIZE || size > file.size() - 8) {
            throw broken(where, "its header would have " + Long.toUnsignedString(size) + " bytes of " + file.size());
        }
        ByteBuffer first = ByteBuffer.allocate(1);
        file.read(8, first);
        if (first.get(0) != '{') {
            throw broken(where, "its header does not begin with '{'");
        }
        Parsing parsing = new Parsing(where);
        Json.forEachField(text(file, size), where + " (header)", parsing::field);
        return new SafetensorsHeader(
                8 + size, ordered(parsing.entries, 8 + size, file.size(), where), parsing.metadata);
    }

    private static Reader text(ByteSource file, long size) {
        return new InputStreamReader(
                new BufferedInputStream(file.stream(8, 8 + size)),
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    private static Map<String, Entry> ordered(Map<String, Entry> found, long dataStart, long fileSize, String where) {
        List<Entry> entries = new ArrayList<>(found.values());
        entries.sort(Comparator.comparingLong(Entry::begin)
                .thenComparingLong(entry -> entry.info().byteSize()));
        long end = 0;
        Map<String, Entry> ordered = new LinkedHashMap<>();
        for (Entry entry : entries) {
            if (entry.begin() != end) {
                throw broken(
                        where,
                        "tensor '" + entry.info().name() + "' begins at byte " + entry.begin()
                                + " of the data, where byte " + end
                                + " was expected: the tensors overlap or leave a hole");
            }
            end += entry.info().byteSize(); // begin + size was an offset in the file: no overflow
            ordered.put(entry.info().name(), entry);
        }
        if (end != fileSize - dataStart) {
            throw broken(
                    where,
                    "its header promises " + end + " bytes of data, but the file has " + (fileSize - dataStart)
                            + (fileSize - dataStart < end ? "; it was cut short, fetch it again" : ""));
        }
        return ordered;
    }

    /** What was read so far. */
    private static final class Parsing {
        private final String where;
        private final Map<String, Entry> entries = new HashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private boolean metadataSeen;

        Parsing(String where) {
            this.where = where;
        }

        void field(String name, @Nullable Object value) {
            if (name.equals(METADATA)) {
                if (metadataSeen) {
                    throw broken(where, METADATA + " is there twice");
                }
                metadataSeen = true;
                metadata(value);
            } else if (entries.put(name, entry(name, value, where)) != null) {
                throw broken(where, "tensor '" + name + "' is there twice");
            } else if (entries.size() > MAX_TENSORS) {
                throw broken(where, "its header lists more than " + MAX_TENSORS + " tensors");
            }
        }

        private void metadata(@Nullable Object value) {
            if (value == null) {
                return;
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
        }
    }

    private static Entry entry(String name, @Nullable Object value, String where) {
        if (!(value instanceof Map<?, ?>)) {
            throw broken(
                    where, "tensor '" + name + "' is described by " + Json.describe(value) + " instead of an object");
        }
        Map<String, @Nullable Object> map = Json.object(value);
        if (!(map.get("dtype") instanceof String dtypeName)) {
            throw broken(where, "tensor '" + name + "' has no dtype");
        }
        DType dtype = DType.named(dtypeName).orElseThrow(() -> unknown(name, dtypeName, where));
        List<Long> shape = wholeNumbers(map.get("shape"), where, "shape of tensor '" + name + "'");
        List<Long> offsets = wholeNumbers(map.get("data_offsets"), where, "data_offsets of tensor '" + name + "'");
        if (offsets.size() != 2) {
            throw broken(where, "tensor '" + name + "' must have two data_offsets");
        }
        TensorInfo info = new TensorInfo(name, dtype, shape);
        if (!info.isPossible()) {
            throw broken(where, "tensor '" + name + "' has the impossible shape " + shape);
        }
        long length = offsets.get(1) - offsets.get(0);
        if (length != info.byteSize()) {
            throw broken(
                    where,
                    "tensor '" + name + "' needs " + info.byteSize() + " bytes for shape " + shape + " in " + dtype
                            + ", but its data_offsets hold " + length);
        }
        return new Entry(info, offsets.get(0));
    }

    private static Problem unknown(String name, String dtype, String where) {
        if (SMALLER_THAN_A_BYTE.contains(dtype)) {
            return Problem.failure(where + " cannot be used: tensor '" + name + "' has the dtype " + dtype
                    + ", whose numbers are smaller than a byte");
        }
        return broken(
                where,
                "tensor '" + name + "' has the unknown dtype '" + dtype + "'; known are " + List.of(DType.values()));
    }

    private static List<Long> wholeNumbers(@Nullable Object value, String where, String what) {
        if (!(value instanceof List<?> list)) {
            throw broken(where, "the " + what + " must be a list, but is " + Json.describe(value));
        }
        List<Long> numbers = new ArrayList<>(list.size());
        for (Object element : list) {
            if (!(element instanceof Long number) || number < 0) {
                throw broken(
                        where, "the " + what + " holds " + Json.describe(element) + " instead of a whole number >= 0");
            }
            numbers.add(number);
        }
        return numbers;
    }

    static Problem broken(String where, String what) {
        return Problem.failure(where + " is not a sound safetensors file: " + what);
    }
}
