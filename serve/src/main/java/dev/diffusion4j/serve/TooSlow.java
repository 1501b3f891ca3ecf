// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.io.IOException;

/** A client does not read its answer, and others need the room. */
final class TooSlow extends IOException {
    private static final long serialVersionUID = 1L;

    TooSlow() {
        super("the client does not read its answer");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
