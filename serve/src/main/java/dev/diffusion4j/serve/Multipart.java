// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a {@code multipart/form-data} body (RFC 7578), read in memory: no part's file name counts, and none comes near a disk.
 *
 * @param texts by name, in order
 * @param files by name, in order
 */
record Multipart(Map<String, List<String>> texts, Map<String, List<byte[]>> files) {
    private static final Pattern BOUNDARY =
            Pattern.compile("(?i);\\s*boundary=(?:\"([^\"]{1,70})\"|([^\\s;\"]{1,70}))");
    private static final Pattern NAME = Pattern.compile("(?i);\\s*name=(?:\"([^\"]*)\"|([^\\s;\"]+))");
    private static final Pattern FILE = Pattern.compile("(?i);\\s*filename\\*?=");
    /** Some clients send files without names. */
    private static final Pattern NO_TEXT = Pattern.compile("(?im)^content-type:\\s*(image/|application/octet-stream)");

    private static final ByteSearch END_OF_HEAD = new ByteSearch("\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
    private static final int LONGEST_LINE = 100;
    private static final int MOST_PARTS = 200;
    private static final int LONGEST_HEAD = 8192;

    /** @throws Refusal (415) where it is none, (400) where it is broken */
    static Multipart read(byte[] body, @Nullable String contentType) {
        Matcher boundary = BOUNDARY.matcher(String.valueOf(contentType));
        if (contentType == null
                || !contentType.regionMatches(true, 0, "multipart/form-data", 0, 19)
                || !boundary.find()) {
            throw new Refusal(
                    415, "the body must be multipart/form-data with a boundary", "unsupported_media_type", null);
        }
        String word = boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
        Multipart parts = new Multipart(new LinkedHashMap<>(), new LinkedHashMap<>());
        parts.fill(body, new ByteSearch(("\r\n--" + word).getBytes(StandardCharsets.ISO_8859_1)));
        return parts;
    }

    /** @param line a line end and the boundary, as it stands between parts */
    private void fill(byte[] body, ByteSearch line) {
        int at = first(body, line);
        for (int parts = 0; at >= 0; parts++) {
            if (isAt(body, at, '-')) {
                return;
            }
            int head = END_OF_HEAD.find(body, at);
            int end = head < 0 ? -1 : delimiter(body, line, head + 2);
            if (end < 0 || parts == MOST_PARTS) {
                throw Refusal.malformed("the multipart body is cut short, or has more than " + MOST_PARTS + " parts");
            }
            if (head - at > LONGEST_HEAD) {
                throw Refusal.malformed(
                        "the head of a part of the multipart body has more than " + LONGEST_HEAD + " bytes");
            }
            int begin = Math.min(end, head + END_OF_HEAD.length());
            add(new String(body, at, head - at, StandardCharsets.UTF_8), Arrays.copyOfRange(body, begin, end));
            at = end + line.length();
        }
        throw Refusal.malformed("the multipart body has no end");
    }

    /** Behind the first boundary, which may stand at the very beginning; −1 where there is none. */
    private static int first(byte[] body, ByteSearch line) {
        byte[] begin = new byte[Math.min(body.length, LONGEST_LINE) + 2];
        begin[0] = '\r';
        begin[1] = '\n';
        System.arraycopy(body, 0, begin, 2, begin.length - 2);
        if (line.find(begin, 0) == 0 && endsLine(body, line.length() - 2)) {
            return line.length() - 2;
        }
        int found = delimiter(body, line, 0);
        return found < 0 ? -1 : found + line.length();
    }

    /** The next line that is the boundary; what begins like it within a picture is none. */
    private static int delimiter(byte[] body, ByteSearch line, int from) {
        int found = line.find(body, from);
        while (found >= 0 && !endsLine(body, found + line.length())) {
            found = line.find(body, found + 1);
        }
        return found;
    }

    /** Whether what stands here ends a boundary's line: two dashes after the last part, else spaces and a line end. */
    private static boolean endsLine(byte[] body, int at) {
        int end = at;
        while (end < body.length && (body[end] == ' ' || body[end] == '\t')) {
            end++;
        }
        return isAt(body, at, '-') || end + 1 < body.length && body[end] == '\r' && body[end + 1] == '\n';
    }

    /** Whether there are two of a letter. */
    private static boolean isAt(byte[] body, int at, char letter) {
        return at + 1 < body.length && body[at] == letter && body[at + 1] == letter;
    }

    private void add(String head, byte[] content) {
        String disposition = head.lines()
                .filter(line -> line.regionMatches(true, 0, "content-disposition:", 0, 20))
                .findFirst()
                .orElse("");
        Matcher name = NAME.matcher(disposition);
        if (!name.find()) {
            throw Refusal.malformed("a part of the multipart body has no name");
        }
        String word = name.group(1) == null ? name.group(2) : name.group(1);
        if (FILE.matcher(disposition).find() || NO_TEXT.matcher(head).find()) {
            files.computeIfAbsent(word, key -> new ArrayList<>()).add(content);
        } else {
            texts.computeIfAbsent(word, key -> new ArrayList<>()).add(new String(content, StandardCharsets.UTF_8));
        }
    }

    /** All files of a field, which SDKs also call {@code field[]} and {@code field[0]}. */
    List<byte[]> files(String field) {
        return names(field)
                .flatMap(name -> files.getOrDefault(name, List.of()).stream())
                .toList();
    }

    /** The names of the files that are of none of these fields. */
    List<String> filesBeside(String... fields) {
        Set<String> known = Arrays.stream(fields).flatMap(Multipart::names).collect(Collectors.toSet());
        return files.keySet().stream().filter(name -> !known.contains(name)).toList();
    }

    private static Stream<String> names(String field) {
        return Stream.of(field, field + "[]", field + "[0]");
    }
}
