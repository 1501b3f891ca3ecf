// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The process' resident memory, as Linux reports it. */
final class ProcessMemory {
    private ProcessMemory() {}

    /** The highest so far, in MiB; 0 where the system does not say. */
    static long peakMiB() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
                }
            }
        } catch (IOException e) {
            // not Linux
        }
        return 0;
    }
}
