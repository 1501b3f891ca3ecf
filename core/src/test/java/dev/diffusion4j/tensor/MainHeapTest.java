// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainHeapTest {
    /** With one heap every thread has it; with two a new thread that has it is found; with many none is looked for. */
    @ParameterizedTest
    @CsvSource({"1, main, true", "2, main-heap, true", "16, main, false"})
    @EnabledOnOs(OS.LINUX)
    void a_thread_of_it_is_found_where_heaps_are_few(String heaps, String thread, boolean isFound) throws IOException {
        ChildJvm.Ended ended = ChildJvm.run(Map.of("MALLOC_ARENA_MAX", heaps), List.of(), Calling.class);
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.out().trim()).isEqualTo(thread + " " + isFound + " 7 true refused 1");
    }

    /** Prints the thread, whether it is of the main heap, the result, and what was thrown. */
    static final class Calling {
        public static void main(String[] arguments) {
            Thread.currentThread().interrupt();
            int result = MainHeap.call(() -> {
                System.out.print(Thread.currentThread().getName() + " " + MainHeap.isHere() + " ");
                return 7;
            });
            System.out.print(result + " " + Thread.interrupted() + " ");
            int[] calls = {0};
            try {
                MainHeap.call(() -> {
                    calls[0]++;
                    throw new AssertionError("refused");
                });
            } catch (AssertionError e) {
                System.out.println(e.getMessage() + " " + calls[0]);
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void what_says_nothing_of_few_heaps_is_left_alone() {
        assertThat(MainHeap.isFindable(Map.of("MALLOC_ARENA_MAX", "4"))).isTrue();
        assertThat(MainHeap.isFindable(Map.of())).isFalse();
        assertThat(MainHeap.isFindable(Map.of("MALLOC_ARENA_MAX", "0"))).isFalse();
        assertThat(MainHeap.isFindable(Map.of("MALLOC_ARENA_MAX", "8"))).isFalse();
        assertThat(MainHeap.isFindable(Map.of("MALLOC_ARENA_MAX", "two"))).isFalse();
    }
}
