// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The adapters in a folder and below it, by the names that prompts call them: a file's name without its suffix, the name of a folder that peft or
 * diffusers saved, or what kohya's scripts noted as the output's name. Where two have one name, the path within the folder tells them apart, so that
 * a bare name means the one in the folder itself; of files that differ in their suffix alone, the safetensors one counts.
 */
public final class LoraShelf {
    private static final List<String> SUFFIXES = List.of(".safetensors", ".pt", ".ckpt");
    private static final String OUTPUT_NAME = "ss_output_name";
    private static final int DEEPEST = 12;
    private static final int NAMED = 4;

    private final Path folder;
    private final Map<String, List<Path>> byName = new TreeMap<>();
    private final Map<String, Path> byPath = new TreeMap<>();

    private LoraShelf(Path folder) {
        this.folder = folder;
    }

    /**
     * Looks through a folder; reads no file.
     *
     * @throws Problem where there is no such folder, or it cannot be read
     */
    public static LoraShelf of(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw Problem.request("{loraDir} must be a folder with adapters, but "
                    + (Files.exists(folder) ? folder + " is a file" : "there is no folder " + folder));
        }
        LoraShelf shelf = new LoraShelf(folder);
        try {
            shelf.walk();
        } catch (IOException e) {
            throw Problem.failure("cannot look through " + folder + ": " + AtomicFile.reason(e), e);
        }
        return shelf;
    }

    private void walk() throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEEPEST, new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()
                        && (isWhole(file) || !suffix(file).isEmpty())) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            /** A link that leads in a circle, or a folder that is somebody else's. */
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (file.equals(folder)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.stream()
                .sorted(Comparator.comparingInt((Path file) -> SUFFIXES.indexOf(suffix(file)))
                        .thenComparing(Comparator.naturalOrder()))
                .forEach(this::add);
    }

    /** Whether it is one that gives its folder a name. */
    private boolean isWhole(Path file) {
        return LoraFile.FILES.contains(String.valueOf(file.getFileName())) && !folder.equals(file.getParent());
    }

    private void add(Path file) {
        Path named = isWhole(file) ? Objects.requireNonNull(file.getParent()) : file;
        String path = folder.relativize(named).toString().replace('\\', '/');
        path = path.substring(0, path.length() - (named.equals(file) ? suffix(file) : "").length());
        if (byPath.putIfAbsent(path, named) == null) {
            byName.computeIfAbsent(path.substring(path.lastIndexOf('/') + 1), key -> new ArrayList<>())
                    .add(named);
        }
    }

    /** What one would call the adapter of a file or folder that lies alone: its name without its suffix. */
    public static String nameOf(Path place) {
        String name = String.valueOf(place.getFileName());
        return name.substring(0, name.length() - suffix(place).length());
    }

    private static String suffix(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return SUFFIXES.stream().filter(name::endsWith).findFirst().orElse("");
    }

    /**
     * The file or folder of a name.
     *
     * @throws Problem (a wrong request) where there is none, naming those that are called alike, or where there are several
     */
    public Path find(String name) {
        Path at = byPath.get(name);
        List<Path> found = at == null ? byName.getOrDefault(name, List.of()) : List.of(at);
        if (found.size() > 1) {
            List<String> paths = byPath.keySet().stream()
                    .filter(path -> found.contains(byPath.get(path)))
                    .map(path -> "<lora:" + path + ":1>")
                    .toList();
            throw Problem.request("{loraDir} " + folder + " holds " + found.size() + " adapters '" + name + "': write "
                    + String.join(" or ", paths));
        }
        Path file = found.isEmpty() ? noted(name) : found.get(0);
        if (file == null) {
            throw unknown(name);
        }
        return file;
    }

    /** By what the files say of themselves; {@code null} where none says this. */
    private @Nullable Path noted(String name) {
        for (Path file : byPath.values()) {
            if (!Files.isDirectory(file) && suffix(file).equals(SUFFIXES.get(0)) && name.equals(outputName(file))) {
                return file;
            }
        }
        return null;
    }

    private static @Nullable String outputName(Path file) {
        try (WeightSource weights = WeightFiles.openFile(file)) {
            return weights.metadata().get(OUTPUT_NAME);
        } catch (Problem e) {
            return null; // broken; it is not the one that was asked for
        }
    }

    /** All names, in order; one that several have is there once. */
    public List<String> names() {
        return List.copyOf(byName.keySet());
    }

    private Problem unknown(String name) {
        if (byName.isEmpty()) {
            return Problem.request("{loraDir} " + folder + " holds no adapter (" + String.join(", ", SUFFIXES)
                    + "), and none called '" + name + "'");
        }
        List<String> near = Nearest.of(name, byName.keySet(), NAMED);
        return Problem.request("{loraDir} " + folder + " holds no adapter '" + name + "'; "
                + (near.isEmpty()
                        ? "it holds " + LoraUnused.some(List.copyOf(byName.keySet()))
                        : "did you mean " + String.join(", ", near) + "?"));
    }
}
