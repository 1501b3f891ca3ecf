// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What a process holds now, as Linux reports it.
 *
 * @param threads native ones, whoever made them
 * @param residentMiB memory that is there, shared or not
 * @param files open descriptors, sockets included
 */
public record ProcessUse(int threads, double residentMiB, int files) {
    /** Of this process. */
    public static ProcessUse now() {
        Path folder = Path.of("/proc/self");
        try (Stream<Path> files = Files.list(folder.resolve("fd"))) {
            double resident = 0;
            int threads = 0;
            for (String line : Files.readAllLines(folder.resolve("status"))) {
                if (line.startsWith("VmRSS:")) {
                    resident = digits(line) / 1024.0;
                } else if (line.startsWith("Threads:")) {
                    threads = (int) digits(line);
                }
            }
            return new ProcessUse(threads, resident, (int) files.count());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long digits(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
