// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import java.util.concurrent.CancellationException;

/** A job ended early since its deadline had passed. */
public final class JobExpiredException extends CancellationException {
    private static final long serialVersionUID = 1L;

    JobExpiredException(String reason) {
        super(reason);
    }
}
