// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Remembers that something could not be written, which a {@link PrintWriter} keeps to itself. */
final class CheckedOutput extends FilterOutputStream {
    private @Nullable IOException problem;

    CheckedOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        try {
            out.write(bytes, from, length);
        } catch (IOException e) {
            problem = problem == null ? e : problem;
            throw e;
        }
    }

    /** {@code code}, or that of a failure where not all was written; a reader that has seen enough needs no message. */
    int exitCode(int code, PrintWriter err) {
        if (problem == null) {
            return code;
        }
        String reason = AtomicFile.reason(problem);
        if (!reason.contains("Broken pipe")) {
            err.println("diffuse: cannot write the output: " + reason);
        }
        return code == 0 ? ExitCodes.FAILURE : code;
    }
}
