// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * The memory that this process may use: the machine's, or what a container has of it.
 *
 * @param total bytes; 0 where nobody knows
 * @param available bytes that are free, or would be at once: what the system keeps of files counts
 */
public record MachineMemory(long total, long available) {
    private static final Path LINUX = Path.of("/");
    private static final long KIB = 1024;
    private static final String SECOND = "0::";
    private static final String FIRST = ":memory:";

    /** As it is now. */
    public static MachineMemory now() {
        OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean known
                ? of(LINUX, known.getTotalMemorySize(), known.getFreeMemorySize())
                : of(LINUX, 0, 0);
    }

    /** The highest resident memory of this process so far, in bytes; 0 where the system does not say. */
    public static long highestOfProcess() {
        return entry(LINUX.resolve("proc/self/status"), "VmHWM:").orElse(0) * KIB;
    }

    /**
     * @param root where Linux shows its tables of the machine and of containers ({@code proc}, {@code sys/fs/cgroup})
     * @param total of the container, or the machine where there is none
     * @param free of it, without what is kept of files
     */
    static MachineMemory of(Path root, long total, long free) {
        Path meminfo = root.resolve("proc/meminfo");
        OptionalLong machine = entry(meminfo, "MemTotal:");
        OptionalLong available = entry(meminfo, "MemAvailable:");
        if (machine.isEmpty() || available.isEmpty()) {
            return new MachineMemory(total, free);
        }
        if (total <= 0 || total >= machine.getAsLong() * KIB) {
            return new MachineMemory(machine.getAsLong() * KIB, available.getAsLong() * KIB);
        }
        long ofContainer = Math.min(total, free + cached(root));
        return new MachineMemory(total, Math.min(ofContainer, available.getAsLong() * KIB));
    }

    /**
     * What a container keeps of files that nobody has read lately, and gives up where memory is needed: the kernel's documents of cgroup v2
     * ({@code inactive_file}) and v1 ({@code total_inactive_file}). 0 where it is not known.
     */
    private static long cached(Path root) {
        Path groups = root.resolve("sys/fs/cgroup");
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            OptionalLong known = line.startsWith(SECOND)
                    ? entry(stat(groups, line.substring(SECOND.length())), "inactive_file ")
                    : line.contains(FIRST)
                            ? entry(
                                    stat(
                                            groups.resolve("memory"),
                                            line.substring(line.indexOf(FIRST) + FIRST.length())),
                                    "total_inactive_file ")
                            : OptionalLong.empty();
            if (known.isPresent()) {
                return known.getAsLong();
            }
        }
        return 0;
    }

    /** Of the group itself; within a container it is often shown at the top. */
    private static Path stat(Path groups, String group) {
        Path own = groups.resolve(group.replaceFirst("^/+", "")).resolve("memory.stat");
        return Files.exists(own) ? own : groups.resolve("memory.stat");
    }

    private static OptionalLong entry(Path file, String word) {
        try {
            return lines(file).stream()
                    .filter(line -> line.startsWith(word))
                    .mapToLong(line ->
                            Long.parseLong(line.substring(word.length()).trim().split("\\s+")[0]))
                    .findFirst();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
