// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

/** Hears what the processes print, and how they end. Called from several threads, one at a time. */
public interface LaunchListener {
    /**
     * A process printed a line.
     *
     * @param rank which one, from 0
     * @param line without its end
     * @param isError whether it went to the standard error stream
     */
    void onLine(int rank, String line, boolean isError);

    /** One process failed, or had to be killed; {@code note} is a line that says which, how it ended and what follows. */
    void onNote(String note);
}
