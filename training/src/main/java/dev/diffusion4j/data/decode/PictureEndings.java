// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Which files are pictures, by the endings of their names. */
public final class PictureEndings {
    private static final Set<String> READ = Set.of(
            "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm");

    /** Of pictures that other programs read. */
    private static final Set<String> NOT_READ = Set.of(
            "apng", "avif", "avifs", "blp", "cr2", "dcx", "dds", "dib", "dng", "eps", "exr", "hdr", "heic", "heics",
            "heif", "icns", "ico", "j2k", "jp2", "jpf", "jpx", "jxl", "nef", "pcx", "pfm", "psd", "qoi", "ras", "sgi",
            "svg", "tga", "xbm", "xpm");

    private PictureEndings() {}

    /** Whether a file of this name is read as a picture. */
    public static boolean isRead(String name) {
        return READ.contains(of(name));
    }

    /** The ending of a file's name in lower case, without the dot; empty where it has none. */
    public static String of(String name) {
        String last = name.substring(name.lastIndexOf('/') + 1);
        return last.substring(last.lastIndexOf('.') + 1 == 0 ? last.length() : last.lastIndexOf('.') + 1)
                .toLowerCase(Locale.ROOT);
    }

    /** The endings that are read, for messages: {@code .bmp, .gif, …}. */
    public static String text() {
        return new TreeSet<>(READ).stream().map(ending -> "." + ending).collect(Collectors.joining(", "));
    }

    /** How many of these files are pictures of kinds that are not read: {@code 2 .avif, 1 .psd}; empty where there are none. */
    public static Optional<String> notRead(Collection<String> names) {
        Map<String, Integer> counts = new TreeMap<>();
        names.stream()
                .map(PictureEndings::of)
                .filter(NOT_READ::contains)
                .forEach(ending -> counts.merge(ending, 1, Integer::sum));
        return counts.isEmpty()
                ? Optional.empty()
                : Optional.of(counts.entrySet().stream()
                        .map(count -> count.getValue() + " ." + count.getKey())
                        .collect(Collectors.joining(", ")));
    }
}
