// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * A file that is copied into a demo, or a folder of classes that becomes a jar there.
 *
 * @param from where it is
 * @param to its place in the demo, with slashes
 */
record DemoFile(Path from, String to) {
    private static final String LIBRARIES = "lib/";

    /** All of a model, of a CLIP and of a program. */
    static List<DemoFile> all(Path model, DemoConfig config, @Nullable Path clip, List<Path> program) {
        List<DemoFile> files = new ArrayList<>();
        if (Files.isDirectory(model)) {
            addFolder(files, model, config.model());
        } else {
            files.add(new DemoFile(model, config.model()));
        }
        if (clip != null && config.clip() != null) {
            addFolder(files, clip, config.clip());
        }
        int folders = 0;
        for (Path part : program) {
            if (Files.isDirectory(part)) {
                files.add(new DemoFile(part, LIBRARIES + "classes-" + ++folders + ".jar"));
            } else if (Files.isRegularFile(part)) {
                files.add(new DemoFile(part, LIBRARIES + part.getFileName()));
            }
        }
        return files;
    }

    private static void addFolder(List<DemoFile> files, Path folder, String to) {
        for (Path file : within(folder)) {
            String name = folder.relativize(file).toString().replace('\\', '/');
            files.add(new DemoFile(file, to + "/" + name));
        }
    }

    /** Files whose names, and those of whose folders, do not begin with a dot. */
    private static List<Path> within(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> !("/" + folder.relativize(file)).contains("/."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw Problem.failure("cannot look through " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    long bytes() {
        List<Path> files = Files.isDirectory(from) ? within(from) : List.of(from);
        return files.stream().mapToLong(file -> file.toFile().length()).sum();
    }

    void copyInto(Path folder) throws IOException {
        Path target = folder.resolve(to);
        Files.createDirectories(java.util.Objects.requireNonNull(target.getParent()));
        if (!Files.isDirectory(from)) {
            Files.copy(from, target);
            return;
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target));
                JarOutputStream jar = new JarOutputStream(out)) {
            for (Path file : within(from)) {
                jar.putNextEntry(new ZipEntry(from.relativize(file).toString().replace('\\', '/')));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        }
    }
}
