// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import java.io.IOException;

/** The bytes are no picture that we can read; the message says why, without the file's name. */
public final class DecodeException extends IOException {
    private static final long serialVersionUID = 1L;

    public DecodeException(String message) {
        super(message);
    }

    public DecodeException(String message, Throwable cause) {
        super(message, cause);
    }
}
