// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

/** Nobody waits for the answer any more. */
final class ClientGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientGone() {
        super("the client has gone away", null, false, false);
    }
}
