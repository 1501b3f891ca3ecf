// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the processor says of itself.
 *
 * @param model the processor's name, or the architecture where the system does not say
 * @param flags the feature flags in Linux' spelling ({@code avx512f}, {@code avx512_bf16}, {@code amx_bf16}); empty where the
 *     system does not say
 */
public record CpuFeatures(String model, Set<String> flags) {
    private static final CpuFeatures CURRENT = read(Path.of("/proc/cpuinfo"));

    public CpuFeatures {
        flags = java.util.Collections.unmodifiableSet(new TreeSet<>(flags));
    }

    /** Those of this machine. */
    public static CpuFeatures current() {
        return CURRENT;
    }

    /** Whether the flag is set. */
    public boolean has(String flag) {
        return flags.contains(flag);
    }

    /** Whether products of bf16 numbers are made in hardware (AVX512-BF16 or AMX). */
    public boolean hasFastBf16() {
        return has("avx512_bf16") || has("amx_bf16");
    }

    static CpuFeatures read(Path cpuinfo) {
        String model = System.getProperty("os.arch");
        Set<String> flags = new TreeSet<>();
        try {
            for (String line : Files.readAllLines(cpuinfo)) {
                int colon = line.indexOf(':');
                if (colon < 0) {
                    continue;
                }
                String key = line.substring(0, colon).trim().toLowerCase(Locale.ROOT);
                String value = line.substring(colon + 1).trim();
                if (key.equals("model name")) {
                    model = value;
                } else if (key.equals("flags") || key.equals("features")) {
                    flags.addAll(Arrays.asList(value.split("\\s+")));
                }
            }
        } catch (IOException e) {
            // not Linux: the probe of Precision decides without flags
        }
        return new CpuFeatures(model, flags);
    }
}
