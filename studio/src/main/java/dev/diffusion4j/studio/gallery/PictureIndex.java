// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.gallery;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.GenerationNote;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.request.Toward;
import dev.diffusion4j.studio.base.FileRoutes;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The pictures of the folders, the newest first. What a file says is read once, until it changes. Thread-safe. */
final class PictureIndex {
    private static final int MOST = 5000;
    private static final int DEEPEST = 8;
    private static final Pattern NAME = Pattern.compile("(?i).*\\.(png|jpe?g|webp)");

    /** What a training has learnt lies there, with copies of its loss and its last samples for the model's card. */
    private static final Set<String> OF_A_RUN = Set.of("model", "models", "lora");

    private final Folders folders;
    private final Map<Path, Known> known = new ConcurrentHashMap<>();

    /** @param about what is found in its note */
    private record Known(long changed, long bytes, @Nullable Map<String, @Nullable Object> about) {}

    private record File(Path path, long changed, long bytes) {}

    PictureIndex(Folders folders) {
        this.folders = folders;
    }

    /**
     * What there is.
     *
     * @param pictures of each its place, size and settings
     * @param passed how many older ones there are besides
     */
    record Listing(List<Map<String, @Nullable Object>> pictures, int passed) {}

    Listing list() {
        List<File> files = new ArrayList<>();
        folders.all().values().forEach(root -> walk(root, files));
        files.sort((a, b) -> Long.compare(b.changed, a.changed));
        List<Map<String, @Nullable Object>> pictures = new ArrayList<>();
        for (File file : files.subList(0, Math.min(MOST, files.size()))) {
            described(file).ifPresent(pictures::add);
        }
        return new Listing(pictures, Math.max(0, files.size() - MOST));
    }

    private static void walk(Path root, List<File> into) {
        try {
            Files.walkFileTree(root, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    String name = String.valueOf(folder.getFileName());
                    boolean isPassed = !folder.equals(root) && name.startsWith(".")
                            || name.equals("node_modules")
                            || OF_A_RUN.contains(name) && Files.exists(folder.resolveSibling("recipe.yaml"));
                    return isPassed ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (attributes.isRegularFile()
                            && NAME.matcher(String.valueOf(file.getFileName())).matches()) {
                        into.add(new File(file, attributes.lastModifiedTime().toMillis(), attributes.size()));
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            return; // as far as it can be read
        }
    }

    private Optional<Map<String, @Nullable Object>> described(File file) {
        Known before = known.get(file.path);
        if (before == null || before.changed != file.changed || before.bytes != file.bytes) {
            before = new Known(file.changed, file.bytes, about(file.path));
            known.put(file.path, before);
        }
        Map<String, @Nullable Object> about = before.about;
        if (about == null) {
            return Optional.empty();
        }
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("place", folders.place(file.path).orElseThrow());
        map.put("changed", file.changed);
        map.putAll(about);
        return Optional.of(map);
    }

    /** {@code null} where it is no picture. */
    private static @Nullable Map<String, @Nullable Object> about(Path file) {
        try {
            if (FileRoutes.type(file) == null) {
                return null;
            }
            Map<String, @Nullable Object> about = new LinkedHashMap<>();
            if (PngFile.isOne(file)) {
                ofNotes(PngFile.readNotes(file), about);
            }
            return about;
        } catch (IOException | Problem e) {
            return null; // broken
        }
    }

    private static void ofNotes(Map<String, String> notes, Map<String, @Nullable Object> about) {
        String own = GenerationNote.textOf(notes);
        if (own.isEmpty()) {
            String other = notes.get("parameters");
            if (other != null) {
                about.put("text", other);
            }
            return;
        }
        try {
            GenerationNote note = GenerationNote.read(own, "the picture").note();
            List<String> prompts = note.request().prompts();
            List<Integer> classes = note.request().classes();
            about.put("prompt", prompts == null || prompts.isEmpty() ? null : prompts.get(0));
            about.put(
                    "class",
                    classes == null || classes.isEmpty() ? null : classes.get(0).longValue());
            about.put("model", note.model().replace('\\', '/').replaceFirst("/model/?$", ""));
            about.put("seed", note.request().seed() + note.index());
            Toward toward = note.request().canvas().toward();
            if (toward != null) {
                about.put("toward", Map.of("seed", toward.seed(), "share", toward.from()));
            }
            about.put("steps", (long) note.request().steps());
            about.put("scheduler", note.scheduler().replace("Scheduler", "").toLowerCase(Locale.ROOT));
            about.put("scale", note.request().guidance().scale());
            about.put("guides", note.guides());
            about.put("loras", note.loras());
        } catch (Problem e) {
            about.put("text", own); // of a later version
        }
    }
}
