// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The memory that this process may use: the machine's, or what a container has of it.
 *
 * @param total bytes; 0 where nobody knows
 * @param available bytes that are free, or would be at once: what the system keeps of files counts
 */
public record MachineMemory(long total, long available) {
    private static final Path LINUX = Path.of("/proc/meminfo");
    private static final long KIB = 1024;

    /** As it is now. */
    public static MachineMemory now() {
        OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean known
                ? of(LINUX, known.getTotalMemorySize(), known.getFreeMemorySize())
                : of(LINUX, 0, 0);
    }

    /**
     * @param meminfo Linux' table of the whole machine
     * @param total of the container, or the machine where there is none
     * @param free of it, without what is kept of files
     */
    static MachineMemory of(Path meminfo, long total, long free) {
        OptionalLong machine = entry(meminfo, "MemTotal:");
        OptionalLong available = entry(meminfo, "MemAvailable:");
        if (machine.isEmpty() || available.isEmpty()) {
            return new MachineMemory(total, free);
        }
        boolean isLimited = total > 0 && total < machine.getAsLong();
        return new MachineMemory(
                isLimited ? total : machine.getAsLong(),
                isLimited ? Math.min(free, available.getAsLong()) : available.getAsLong());
    }

    private static OptionalLong entry(Path file, String word) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(word))
                    .mapToLong(line -> KIB
                            * Long.parseLong(
                                    line.substring(word.length()).trim().split("\\s+")[0]))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
