// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process, as Linux tells it. */
final class Memory {
    private Memory() {}

    /** The highest so far. */
    static double peakMiB() {
        return field("VmHWM:");
    }

    /** What is there now and belongs to no file: heap, weights, stacks. */
    static double anonymousMiB() {
        return field("RssAnon:");
    }

    private static double field(String name) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("/proc/self/status has no " + name);
    }
}
