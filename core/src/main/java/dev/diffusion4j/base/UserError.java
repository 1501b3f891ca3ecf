// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Something the person at the keyboard can mend: one line that says what, where, its value, what is allowed and what to do.
 * The command prints the message alone and ends with {@link #exitCode()}. A message names the library's fields in braces, as
 * {@link FieldNames} describes: {@code getMessage()} has them bare, {@link #worded} in the words of a face.
 */
public final class UserError extends RuntimeException implements Worded {
    /** The exit code of a run that failed. */
    public static final int FAILURE = 1;
    /** The exit code of a command that was called wrongly. */
    public static final int USAGE = 2;

    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 2000;

    private final String text;
    private final int exitCode;

    private UserError(String message, int exitCode, @Nullable Throwable cause) {
        super(FieldNames.BARE.word(oneLine(message)), cause);
        this.text = oneLine(message);
        this.exitCode = exitCode;
    }

    /** The command, a flag or a setting is wrong: exit code 2. */
    public static UserError usage(String message) {
        return new UserError(message, USAGE, null);
    }

    /** The command was right, but a file, a disk or a run failed: exit code 1. */
    public static UserError failure(String message) {
        return new UserError(message, FAILURE, null);
    }

    /** As {@link #failure(String)}, keeping the cause for {@code --verbose}. */
    public static UserError failure(String message, Throwable cause) {
        return new UserError(message, FAILURE, cause);
    }

    /** Names in files may hold line ends and terminal commands, and be of any length; none of that reaches the terminal. */
    private static String oneLine(String message) {
        StringBuilder line = new StringBuilder();
        int length = Math.min(message.length(), LONGEST);
        for (int i = 0; i < length; i++) {
            char c = message.charAt(i);
            int type = Character.getType(c);
            if (type == Character.CONTROL
                    || type == Character.FORMAT
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR) {
                line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
        return line.append(length < message.length() ? "…" : "").toString();
    }

    @Override
    public String worded(FieldNames names) {
        return names.word(text);
    }

    /** The fields that the message is about, the first one first; empty where it names none. */
    public List<String> fields() {
        return FieldNames.in(text);
    }

    /** 1 (failure) or 2 (usage). */
    public int exitCode() {
        return exitCode;
    }
}
