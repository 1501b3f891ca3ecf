// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a {@code multipart/form-data} body (RFC 7578), read in memory: no part's file name counts, and none comes near a disk.
 *
 * @param texts the last one of each name
 * @param files by name, in order
 */
record Multipart(Map<String, String> texts, Map<String, List<byte[]>> files) {
    private static final Pattern BOUNDARY =
            Pattern.compile("(?i);\\s*boundary=(?:\"([^\"]{1,70})\"|([^\\s;\"]{1,70}))");
    private static final Pattern NAME = Pattern.compile("(?i);\\s*name=(?:\"([^\"]*)\"|([^\\s;\"]+))");
    private static final Pattern FILE = Pattern.compile("(?i);\\s*filename\\*?=");
    private static final byte[] END_OF_HEAD = "\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
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
        parts.fill(body, ("--" + word).getBytes(StandardCharsets.ISO_8859_1));
        return parts;
    }

    private void fill(byte[] body, byte[] mark) {
        byte[] next = new byte[mark.length + 2];
        next[0] = '\r';
        next[1] = '\n';
        System.arraycopy(mark, 0, next, 2, mark.length);
        int at = indexOf(body, mark, 0);
        for (int parts = 0; at >= 0; parts++) {
            at += at > 0 && body[at] == '\r' ? next.length : mark.length;
            if (at + 1 < body.length && body[at] == '-' && body[at + 1] == '-') {
                return;
            }
            int head = indexOf(body, END_OF_HEAD, at);
            int end = head < 0 ? -1 : indexOf(body, next, head + 2);
            if (end < 0 || parts == MOST_PARTS) {
                throw Refusal.malformed("the multipart body is cut short, or has more than " + MOST_PARTS + " parts");
            }
            if (head - at > LONGEST_HEAD) {
                throw Refusal.malformed(
                        "the head of a part of the multipart body has more than " + LONGEST_HEAD + " bytes");
            }
            int begin = Math.min(end, head + END_OF_HEAD.length);
            add(new String(body, at, head - at, StandardCharsets.UTF_8), Arrays.copyOfRange(body, begin, end));
            at = end;
        }
        throw Refusal.malformed("the multipart body has no end");
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
        if (FILE.matcher(disposition).find()) {
            files.computeIfAbsent(word, key -> new ArrayList<>()).add(content);
        } else {
            texts.put(word, new String(content, StandardCharsets.UTF_8));
        }
    }

    /** All files of one of these names. */
    List<byte[]> files(String... names) {
        return Arrays.stream(names)
                .flatMap(name -> files.getOrDefault(name, List.of()).stream())
                .toList();
    }

    private static int indexOf(byte[] all, byte[] some, int from) {
        for (int i = from; i <= all.length - some.length; i++) {
            int k = 0;
            while (k < some.length && all[i + k] == some[k]) {
                k++;
            }
            if (k == some.length) {
                return i;
            }
        }
        return -1;
    }
}
