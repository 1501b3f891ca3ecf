// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

/** A service was asked for something after it was closed. */
public final class ServiceClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    ServiceClosedException() {
        super("this service is closed");
    }
}
