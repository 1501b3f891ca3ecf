// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import org.jspecify.annotations.Nullable;

/**
 * Something the person at the keyboard can mend: one line that says what, where, its value, what is allowed and what to do.
 * The command prints the message alone and ends with {@link #exitCode()}.
 */
public final class UserError extends RuntimeException {
    /** The exit code of a run that failed. */
    public static final int FAILURE = 1;
    /** The exit code of a command that was called wrongly. */
    public static final int USAGE = 2;

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private UserError(String message, int exitCode, @Nullable Throwable cause) {
        super(message, cause);
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

    /** 1 (failure) or 2 (usage). */
    public int exitCode() {
        return exitCode;
    }
}
