// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

/** One picture that cannot be decoded; the message names the file and the reason. */
public final class BrokenExampleException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BrokenExampleException(String message) {
        super(message);
    }

    public BrokenExampleException(String message, Throwable cause) {
        super(message, cause);
    }
}
