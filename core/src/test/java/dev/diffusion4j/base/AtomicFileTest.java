// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "it has neither named pipes nor links that everybody may make")
class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void what_a_link_points_to_is_replaced_and_the_link_stays() throws IOException {
        Path real =
                Files.writeString(Files.createDirectory(folder.resolve("far")).resolve("real"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("far/real"));
        Path outer = Files.createSymbolicLink(folder.resolve("outer"), link);

        AtomicFile.write(outer, "new");

        assertThat(link).isSymbolicLink();
        assertThat(outer).isSymbolicLink();
        assertThat(real).hasContent("new");
        assertThat(names(folder.resolve("far"))).containsExactly("real");
    }

    @Test
    void a_link_to_nothing_gets_its_file_and_one_to_itself_is_refused() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("new/file"));
        AtomicFile.write(link, "text");
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("new/file")).hasContent("text");

        Path circle = folder.resolve("circle");
        Files.createSymbolicLink(circle, circle);
        assertThatThrownBy(() -> AtomicFile.write(circle, "text"))
                .isInstanceOf(Problem.class)
                .hasMessage("cannot write " + circle + ": a link that leads to itself");
    }

    @Test
    void a_pipe_is_written_to_and_stays() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        CompletableFuture<String> read = CompletableFuture.supplyAsync(() -> {
            try {
                return Files.readString(pipe);
            } catch (IOException e) {
                return e.toString();
            }
        });

        AtomicFile.write(pipe, "through the pipe");

        assertThat(read.get()).isEqualTo("through the pipe");
        assertThat(Files.isRegularFile(pipe, LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(names(folder)).containsExactly("pipe");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_device_is_written_to_and_stays() throws IOException {
        Path device = Path.of("/dev/full"); // takes nothing
        Path link = Files.createSymbolicLink(folder.resolve("link"), device);
        assertThatThrownBy(() -> AtomicFile.write(link, "text"))
                .isInstanceOf(Problem.class)
                .hasMessage("cannot write " + link + ": No space left on device");
        assertThat(Files.readAttributes(device, BasicFileAttributes.class).isOther())
                .isTrue();
        assertThat(link).isSymbolicLink();
    }

    @Test
    void a_folder_that_cannot_be_made_is_named() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> AtomicFile.write(file.resolve("below/x.png"), "text"))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("cannot write " + file.resolve("below/x.png") + ": ");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void a_system_of_files_that_takes_none_is_named() {
        assertThatThrownBy(() -> AtomicFile.write(Path.of("/proc/nowhere/x.png"), "text"))
                .isInstanceOf(Problem.class)
                .hasMessage("cannot write /proc/nowhere/x.png: the folder /proc/nowhere cannot be made");
    }

    private static Stream<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).sorted().toList().stream();
        }
    }
}
