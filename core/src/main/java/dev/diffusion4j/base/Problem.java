// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that a person can mend: one line that says what, where, its value, what is allowed and what to do. A message names the
 * library's fields in braces, as {@link FieldNames} describes: {@code getMessage()} has them bare, {@link #worded} in the words of a
 * face. How a face reports it, by an exit code or a status, depends on the {@link #kind()}.
 */
public final class Problem extends RuntimeException implements Worded {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 2000;

    private final String text;
    private final Kind kind;
    private final @Nullable String field;
    private final @Nullable String subject;

    /** Whose fault it is. */
    public enum Kind {
        /** What was asked for, a field or a setting, is wrong. */
        REQUEST,
        /** What was asked for is right, but a file, a disk or a run failed. */
        FAILURE
    }

    private Problem(String message, Kind kind, @Nullable Throwable cause) {
        this(message, kind, null, null, cause);
    }

    private Problem(
            String message, Kind kind, @Nullable String field, @Nullable String subject, @Nullable Throwable cause) {
        super(FieldNames.BARE.word(oneLine(message)), cause);
        this.text = oneLine(message);
        this.kind = kind;
        this.field = field;
        this.subject = subject;
    }

    /** What was asked for is wrong. */
    public static Problem request(String message) {
        return new Problem(message, Kind.REQUEST, null);
    }

    /**
     * A field's value is not allowed: {@code steps must be at most 1000, but was 5000}.
     *
     * @param allowed what the field must do, {@code be at most 1000}
     */
    public static Problem request(String field, Object value, String allowed) {
        String shown = value instanceof CharSequence ? "'" + value + "'" : value.toString();
        return new Problem("{" + field + "} must " + allowed + ", but was " + shown, Kind.REQUEST, null);
    }

    /** What was asked for is right, but a file, a disk or a run failed. */
    public static Problem failure(String message) {
        return new Problem(message, Kind.FAILURE, null);
    }

    /** As {@link #failure(String)}, keeping the cause. */
    public static Problem failure(String message, Throwable cause) {
        return new Problem(message, Kind.FAILURE, cause);
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

    /** Whether what was asked for is wrong, or something failed. */
    public Kind kind() {
        return kind;
    }

    /** This one, known to be about what a request has in a field, whatever its words are. */
    public Problem about(String name) {
        return about(name, null);
    }

    /** As {@link #about(String)}, where the field holds several and it is about one of them, by the name that a request knows it by. */
    public Problem about(String name, @Nullable String which) {
        Problem known = new Problem(text, kind, name, which == null ? subject : oneLine(which), getCause());
        known.setStackTrace(getStackTrace());
        return known;
    }

    /** The field that it is about, as far as that is known. */
    public Optional<String> field() {
        return Optional.ofNullable(field);
    }

    /** Which of the field's values it is about, as far as that is known. */
    public Optional<String> subject() {
        return Optional.ofNullable(subject);
    }
}
