// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.nio.charset.Charset;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * File names that are not ASCII. Until Java 18 the JVM writes file names in the encoding of the locale that it was started in: with
 * {@code LANG=C}, as in containers and cron, it can neither name nor open {@code café.png}.
 */
public final class FileNames {
    private static final String ENCODING = System.getProperty("sun.jnu.encoding", "UTF-8");

    private FileNames() {}

    /**
     * {@code folder} with {@code name} below it.
     *
     * @throws Problem (a failure) where no file can have this name, or none in this locale
     */
    public static Path resolve(Path folder, String name) {
        try {
            return folder.resolve(name);
        } catch (InvalidPathException e) {
            throw problem(e);
        }
    }

    /**
     * {@code path} itself, whose name came from the disk.
     *
     * @throws Problem (a failure) where it cannot be written as text in this locale
     */
    public static Path readable(Path path) {
        String text = path.toString();
        if (text.indexOf('\ufffd') >= 0 && isLocaleTooSmall()) {
            throw problem(new InvalidPathException(text, "Malformed input"));
        }
        return path;
    }

    /** What to say where a text is no path; in a locale that knows few letters, that this is the cause. */
    public static Problem problem(InvalidPathException e) {
        boolean isOfLocale = isLocaleTooSmall() && e.getInput().chars().anyMatch(c -> c > 127);
        return Problem.failure(
                isOfLocale
                        ? "the file name '" + e.getInput()
                                + "' cannot be used in the locale of this process, whose encoding is " + ENCODING
                                + ": set LC_ALL=C.UTF-8 before Java starts"
                        : "'" + e.getInput() + "' cannot be the name of a file: " + e.getReason(),
                e);
    }

    private static boolean isLocaleTooSmall() {
        return !Charset.isSupported(ENCODING)
                || !Charset.forName(ENCODING).newEncoder().canEncode('\u4e2d');
    }
}
