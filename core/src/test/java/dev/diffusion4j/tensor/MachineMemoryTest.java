// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path root;

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private void machine() throws IOException {
        write(
                "proc/meminfo",
                "MemTotal:       67108864 kB\nMemFree:         1048576 kB\nMemAvailable:   33554432 kB\n");
    }

    @Test
    void a_machine_without_a_limit_has_what_its_system_calls_available() throws IOException {
        machine();
        MachineMemory memory = MachineMemory.of(root, 65536 * MIB, 1024 * MIB);
        assertThat(memory).isEqualTo(new MachineMemory(65536 * MIB, 32768 * MIB));
        assertThat(MachineMemory.of(root.resolve("none"), 5, 3)).as("no Linux").isEqualTo(new MachineMemory(5, 3));
    }

    @Test
    void what_a_container_keeps_of_files_counts_as_available() throws IOException {
        machine();
        assertThat(MachineMemory.of(root, 4096 * MIB, 256 * MIB).available())
                .as("no table of the container")
                .isEqualTo(256 * MIB);
        write("proc/self/cgroup", "0::/\n");
        write("sys/fs/cgroup/memory.stat", "anon 5\ninactive_file " + 2048 * MIB + "\nactive_file 7\n");
        assertThat(MachineMemory.of(root, 4096 * MIB, 256 * MIB)).isEqualTo(new MachineMemory(4096 * MIB, 2304 * MIB));
        write("proc/self/cgroup", "0::/user.slice/a.scope\n");
        write("sys/fs/cgroup/user.slice/a.scope/memory.stat", "inactive_file " + MIB + "\n");
        assertThat(MachineMemory.of(root, 4096 * MIB, 256 * MIB).available()).isEqualTo(257 * MIB);
        write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/a\n");
        write("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file " + 2 * MIB + "\n");
        assertThat(MachineMemory.of(root, 4096 * MIB, 256 * MIB).available()).isEqualTo(258 * MIB);
    }
}
