// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.diffusion4j.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeMemoryTest {
    private static final long MIB = 1 << 20;
    /** Of a tensor, in MiB: what glibc gives back at once. */
    private static final long LARGE = 100;

    /** In a process of its own, where all threads share glibc's main heap. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void what_is_freed_stays_until_the_last_keeper_is_closed() throws IOException {
        assumeThat(NativeMemory.isSet(System.getenv())).isFalse();
        ChildJvm.Ended ended = ChildJvm.run(Map.of("MALLOC_ARENA_MAX", "1"), List.of(), Keeping.class);
        assertThat(ended.code()).as(ended.err()).isZero();
        List<Long> held =
                Stream.of(ended.out().trim().split(" ")).map(Long::valueOf).toList();
        assertThat(held.get(0)).as("as usual").isLessThan(LARGE / 2);
        assertThat(held.get(1)).as("kept").isGreaterThan(LARGE / 2);
        assertThat(held.get(2)).as("one of two keepers is left").isGreaterThan(LARGE / 2);
        assertThat(held.get(3)).as("given back").isLessThan(LARGE / 2);
    }

    /** Prints how much more it holds, in MiB, after a large tensor was freed, and after each change of who keeps. */
    static final class Keeping {
        public static void main(String[] arguments) throws IOException {
            work();
            NativeMemory.giveBack();
            long before = resident();
            work();
            long usual = resident() - before;
            NativeMemory.Kept first = NativeMemory.keepFreed();
            NativeMemory.Kept second = NativeMemory.keepFreed();
            work();
            long kept = resident() - before;
            first.close();
            first.close();
            long halfKept = resident() - before;
            second.close();
            System.out.println(usual + " " + kept + " " + halfKept + " " + (resident() - before));
        }

        private static void work() {
            TensorScope.run(() -> Tensors.empty(ScalarType.Byte, LARGE * MIB).zero_());
        }

        private static long resident() throws IOException {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void what_the_environment_says_stays() {
        assertThat(NativeMemory.isSet(Map.of("MALLOC_ARENA_MAX", "2", "GLIBC_TUNABLES", "glibc.malloc.arena_max=2")))
                .isFalse();
        assertThat(NativeMemory.isSet(Map.of("MALLOC_TRIM_THRESHOLD_", "1"))).isTrue();
        assertThat(NativeMemory.isSet(Map.of("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=1")))
                .isTrue();
    }
}
