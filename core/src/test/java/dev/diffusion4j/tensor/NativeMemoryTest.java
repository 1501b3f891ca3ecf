// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeMemoryTest {
    private static final long MIB = 1 << 20;
    /** Of a tensor, in MiB: with another of its size it finds room in one of the pieces of 64 MiB that glibc's heaps of threads are made of. */
    private static final long LARGE = 20;

    @Test
    @EnabledOnOs(OS.LINUX)
    void what_is_freed_stays_until_the_last_who_keeps_it_is_done() throws IOException {
        assumeThat(NativeMemory.isSet(System.getenv())).isFalse();
        work();
        NativeMemory.giveBack();
        long before = resident();
        NativeMemory.Kept first = NativeMemory.keepFreed();
        NativeMemory.Kept second = NativeMemory.keepFreed();
        work();
        assertThat(resident() - before).as("kept").isGreaterThan(LARGE);
        first.close();
        first.close();
        assertThat(resident() - before).as("somebody else keeps it").isGreaterThan(LARGE);
        second.close();
        assertThat(resident() - before).as("given back").isLessThan(LARGE);
    }

    private static void work() {
        for (int i = 0;
                i < 2;
                i++) { // by itself glibc keeps as much as was freed at once before, but not twice as much
            TensorScope.run(() -> {
                for (int tensors = 0; tensors < 2; tensors++) {
                    Tensors.empty(ScalarType.Byte, LARGE * MIB).zero_();
                }
            });
        }
    }

    /** In MiB. */
    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void what_the_environment_says_stays() {
        assertThat(NativeMemory.isSet(Map.of("MALLOC_ARENA_MAX", "2", "GLIBC_TUNABLES", "glibc.cpu.hwcaps=x")))
                .isFalse();
        assertThat(NativeMemory.isSet(Map.of("MALLOC_TRIM_THRESHOLD_", "1"))).isTrue();
        assertThat(NativeMemory.isSet(Map.of("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=1")))
                .isTrue();
    }
}
