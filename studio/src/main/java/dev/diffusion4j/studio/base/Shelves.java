// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.drawing.NotedLora;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The adapters of the folders that are open, and the networks that judge pictures by texts (CLIP). */
public final class Shelves {
    private static final int DEEPEST = 6;
    /** Of a kind. */
    private static final int MOST_FILES = 5000;

    private static final long LARGEST = 1L << 30;
    private static final List<String> WHOLE = List.of("pytorch_lora_weights.safetensors", "adapter_model.safetensors");

    private static final String OPEN_CLIP = "open_clip_config.json";
    private static final List<String> OPEN_CLIP_WEIGHTS =
            List.of("open_clip_model.safetensors", "open_clip_pytorch_model.bin");
    private static final Pattern WEIGHTS = Pattern.compile(".*\\.safetensors");
    private static final Pattern CONFIG = Pattern.compile("(open_clip_)?config\\.json");
    private static final String PASSED = "checkpoints";
    private static final long MOMENT = 3_000_000_000L;

    private final Folders folders;
    private final int most;
    private @Nullable Seen seen;
    private long seenUntil;
    private final Map<String, Optional<Lora>> known = new ConcurrentHashMap<>();
    private final Map<String, Optional<String>> hashes = new ConcurrentHashMap<>();

    /**
     * An adapter.
     *
     * @param name its place, by which requests call it
     * @param trigger what a prompt says to have it act, as far as its file tells
     */
    public record Lora(String name, Path path, @Nullable String trigger) {
        /** As {@code <lora:WORD:1>} names it: its file's or folder's name. */
        public String word() {
            return name.substring(name.lastIndexOf('/') + 1).replaceFirst("\\.safetensors$", "");
        }
    }

    /** All files that may be meant. */
    private record Seen(Kind weights, Kind configs) {}

    /** Those of one kind, as far as they are looked at; the others are counted. */
    private static final class Kind {
        private final Set<Path> files = new LinkedHashSet<>(); // of folders that lie in each other, each file once
        private int passed;

        void add(Path file, int most) {
            if (files.contains(file)) {
                return;
            }
            if (files.size() < most) {
                files.add(file);
            } else {
                passed++;
            }
        }
    }

    /** Of these folders. */
    public Shelves(Folders folders) {
        this(folders, MOST_FILES);
    }

    /** @param most files of a kind that are looked at */
    Shelves(Folders folders, int most) {
        this.folders = folders;
        this.most = most;
    }

    /** As they were a moment ago: a page asks several times in a row. Where looking takes long, for as much longer. */
    private synchronized Seen seen() {
        long start = System.nanoTime();
        Seen before = seen;
        if (before == null || start - seenUntil > 0) {
            before = new Seen(new Kind(), new Kind());
            for (Path root : folders.all().values()) {
                walk(root, before);
            }
            seen = before;
            long end = System.nanoTime();
            seenUntil = end + Math.max(MOMENT, 5 * (end - start));
        }
        return before;
    }

    private void walk(Path root, Seen into) {
        try {
            Files.walkFileTree(root, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    boolean isPassed = !folder.equals(root) && isOfCheckpoints(folder);
                    return isPassed ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String name = String.valueOf(file.getFileName());
                    Kind kind = WEIGHTS.matcher(name).matches()
                            ? into.weights
                            : CONFIG.matcher(name).matches() ? into.configs : null;
                    boolean isInside = attributes.isRegularFile() || attributes.isSymbolicLink() && folders.holds(file);
                    if (kind != null && isInside && !isOfCheckpoints(file)) {
                        kind.add(file, most);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // somebody else's
                }
            });
        } catch (IOException e) {
            return; // as far as it can be read
        }
    }

    private static boolean isOfCheckpoints(Path path) {
        return String.valueOf(path.getFileName()).contains(PASSED);
    }

    /** How many files of weights there are beyond those that are looked at for adapters; 0 as a rule. */
    public int passed() {
        return seen().weights.passed;
    }

    /** All adapters, in the order of their names. */
    public List<Lora> loras() {
        return seen().weights.files.stream()
                .flatMap(file -> lora(file).stream())
                .sorted((a, b) -> a.name.compareTo(b.name))
                .toList();
    }

    private Optional<Lora> lora(Path file) {
        try {
            String key = file + " " + Files.getLastModifiedTime(file).toMillis();
            return Files.size(file) > LARGEST ? Optional.empty() : known.computeIfAbsent(key, each -> read(file));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Optional<Lora> read(Path file) {
        try (WeightSource weights = WeightFiles.openFile(file)) {
            boolean isOne = weights.tensors().keySet().stream()
                    .anyMatch(name -> name.contains("lora") || name.contains("hada_") || name.contains("lokr"));
            Path path = WHOLE.contains(String.valueOf(file.getFileName())) ? file.getParent() : file;
            return !isOne || path == null
                    ? Optional.empty()
                    : folders.place(path).map(place -> new Lora(place, path, trigger(weights.metadata())));
        } catch (Problem | IllegalArgumentException e) {
            return Optional.empty(); // broken, or of another kind
        }
    }

    /** What training tools note: the phrase itself, or the tag that most pictures had. */
    private static @Nullable String trigger(Map<String, String> notes) {
        String phrase = notes.get("modelspec.trigger_phrase");
        if (phrase != null && !phrase.isBlank()) {
            return phrase;
        }
        String tags = notes.get("ss_tag_frequency");
        if (tags == null) {
            return null;
        }
        Map<String, Double> counts = new LinkedHashMap<>();
        try {
            Json.parseObject(tags, "tags").values().forEach(folder -> {
                if (folder instanceof Map<?, ?> map) {
                    map.forEach((tag, count) -> counts.merge(
                            String.valueOf(tag).strip(),
                            count instanceof Number number ? number.doubleValue() : 0.0,
                            Double::sum));
                }
            });
        } catch (Problem e) {
            return null;
        }
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    /**
     * Where an adapter is.
     *
     * @param name its place, with or without {@code .safetensors}, or its {@link Lora#word}
     * @return empty where there is none of this name, or where several have it for a word
     */
    public Optional<Path> lora(String name) {
        List<Lora> all = loras();
        return only(all, lora -> lora.name.equals(name))
                .or(() -> only(all, lora -> lora.name.equals(name + ".safetensors")))
                .or(() -> only(all, lora -> lora.word().equals(name)))
                .map(Lora::path);
    }

    private static Optional<Lora> only(List<Lora> all, Predicate<Lora> meant) {
        List<Lora> found = all.stream().filter(meant).toList();
        return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
    }

    /** By which pictures know an adapter, {@link NotedLora#hashOf}; its file is read once while it stays as it is. */
    public Optional<String> hash(Lora lora) {
        try {
            String key = lora.path + " " + Files.getLastModifiedTime(lora.path).toMillis();
            return hashes.computeIfAbsent(key, each -> NotedLora.hashOf(lora.path));
        } catch (IOException | Problem e) {
            return Optional.empty(); // gone, or broken
        }
    }

    /** The folders of networks that see pictures and texts, of transformers or OpenCLIP. */
    public List<Path> clips() {
        return seen().configs.files.stream()
                .filter(this::isClip)
                .map(file -> Objects.requireNonNull(file.getParent()))
                .distinct()
                .toList();
    }

    private boolean isClip(Path config) {
        if (config.endsWith(OPEN_CLIP)) {
            return OPEN_CLIP_WEIGHTS.stream().anyMatch(name -> folders.holds(config.resolveSibling(name)));
        }
        try {
            return Files.size(config) < 100_000
                    && "clip".equals(Json.readObject(config).get("model_type"))
                    && folders.holds(config.resolveSibling("model.safetensors"));
        } catch (IOException | Problem e) {
            return false;
        }
    }
}
