// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.nio.file.Files;
import java.nio.file.Path;

/** Whether JNA can be used. It unpacks a library of its own, and logs a page where it finds no folder for that. */
final class JnaUse {
    private JnaUse() {}

    /** @throws IllegalStateException where it would find none */
    static void check() {
        boolean unpacked = Boolean.getBoolean("jna.nounpack") || System.getProperty("jna.boot.library.path") != null;
        String folder = System.getProperty("jna.tmpdir", System.getProperty("java.io.tmpdir"));
        if (!unpacked && !Files.isWritable(Path.of(folder))) {
            throw new IllegalStateException(
                    "JNA finds no folder for temporary files: " + folder + " cannot be written");
        }
    }
}
