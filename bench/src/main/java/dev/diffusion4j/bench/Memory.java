// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory and processor time of this process, as Linux reports them. */
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

    /** Processor time of all threads since the start: says more than the clock where the machine is busy. */
    static double cpuSeconds() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getProcessCpuTime() / 1e9
                : Double.NaN;
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
