// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;

/** What the command answers to the shell; 0 is success. */
final class ExitCodes {
    /** A run, a file or a disk failed. */
    static final int FAILURE = 1;
    /** The command was called wrongly. */
    static final int USAGE = 2;

    private ExitCodes() {}

    static int of(Problem problem) {
        return problem.kind() == Problem.Kind.REQUEST ? USAGE : FAILURE;
    }
}
