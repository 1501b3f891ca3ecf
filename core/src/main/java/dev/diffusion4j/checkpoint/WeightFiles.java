// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds and opens the files of weights in a component's folder, as diffusers does ({@code modeling_utils.py}). */
public final class WeightFiles {
    /** The stem of all weights' files of diffusers. */
    public static final String STEM = "diffusion_pytorch_model";

    /** The stem of safetensors of transformers. */
    public static final String TRANSFORMERS_STEM = "model";

    private static final List<String> VARIANTS = List.of("fp16", "bf16");
    private static final String SAFETENSORS = ".safetensors";

    private WeightFiles() {}

    /**
     * Opens the weights of a folder. Of a variant's files safetensors come before pickles, and an index of several files
     * before a single one.
     *
     * @param variant the one to take ({@code fp16}), or {@code null}: the plain one, else any variant that is there
     * @throws Problem (a failure) saying what was found instead, or what is wrong with a file
     */
    public static WeightSource open(Path folder, @Nullable String variant) {
        return open(folder, STEM, variant);
    }

    /**
     * As {@link #open(Path, String)} for files of another name.
     *
     * @param stem what the files' names begin with
     */
    public static WeightSource open(Path folder, String stem, @Nullable String variant) {
        for (String name : names(stem, variant)) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                return isIndex(name) ? ShardedWeights.open(file) : openFile(file);
            }
        }
        String name = variant == null ? stem + SAFETENSORS : stem + "." + variant + SAFETENSORS;
        throw Problem.failure(
                "there are no weights in " + folder + ": " + name + " was expected, found " + listing(folder));
    }

    /** The files that {@link #open(Path, String, String)} reads, an index before those that it names; empty where there are none. */
    public static List<Path> used(Path folder, String stem, @Nullable String variant) {
        for (String name : names(stem, variant)) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                return isIndex(name) ? ShardedWeights.files(file) : List.of(file);
            }
        }
        return List.of();
    }

    /**
     * The names that weights may have, the best first: an index of several files, or the one file.
     *
     * @param stem what the files' names begin with; pickles of transformers ({@code model}) have a stem of their own
     * @param variant the one to take, or {@code null}: the plain one, else any variant
     */
    public static List<String> names(String stem, @Nullable String variant) {
        List<String> names = new ArrayList<>();
        List<String> dotted = variant == null
                ? Stream.concat(Stream.of(""), VARIANTS.stream().map(v -> "." + v))
                        .toList()
                : List.of("." + variant);
        for (String dot : dotted) {
            addNames(names, stem, dot, SAFETENSORS);
            addNames(names, stem.equals(TRANSFORMERS_STEM) ? "pytorch_model" : stem, dot, ".bin");
        }
        return names;
    }

    private static void addNames(List<String> names, String stem, String dotted, String extension) {
        names.add(stem + extension + ".index" + dotted + ".json");
        if (!dotted.isEmpty()) {
            names.add(stem + extension + dotted + ".index.json"); // as diffusers wrote it before 0.31
        }
        names.add(stem + dotted + extension);
    }

    /** Whether a file of that name lists the files that hold the weights. */
    public static boolean isIndex(String name) {
        return name.contains(".index.");
    }

    /**
     * Opens one file of weights: safetensors, or what {@code torch.save} wrote. What is in it decides, not its name.
     *
     * @throws Problem (a failure) naming the file and what is wrong with it
     */
    public static WeightSource openFile(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        try (DataFile data = DataFile.open(file)) {
            ByteBuffer start =
                    ByteBuffer.allocate((int) Math.min(9, data.size())).order(ByteOrder.LITTLE_ENDIAN);
            data.read(0, start);
            if (start.capacity() == 9 && start.get(8) == '{' && start.getLong(0) >>> 32 == 0) {
                return Safetensors.open(file);
            }
            boolean zip = start.capacity() >= 2 && start.get(0) == 'P' && start.get(1) == 'K';
            boolean pickle = start.capacity() >= 1 && (start.get(0) & 0xff) == PickleOp.PROTO;
            if (zip || pickle || name.matches(".*\\.(bin|pt|pth|ckpt|pkl)")) {
                return TorchPickle.open(file);
            }
            if (name.endsWith(SAFETENSORS)) {
                return Safetensors.open(file);
            }
            throw Problem.failure(file + " is not a file of weights: it is neither safetensors nor of PyTorch");
        }
    }

    /** As {@link #openFile}; an index ({@code ….index.json}) opens all files that it names. */
    public static WeightSource openIndexOrFile(Path file) {
        return file.toString().endsWith(".index.json") ? ShardedWeights.open(file) : openFile(file);
    }

    /** All files of weights in a folder, by name. */
    public static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(".*\\.(safetensors|bin|pt|pth)"))
                    .sorted()
                    .toList();
        }
    }

    /** The names in a folder, for messages. */
    public static String listing(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            List<String> names =
                    files.map(file -> file.getFileName().toString()).sorted().toList();
            if (names.isEmpty()) {
                return "an empty folder";
            }
            return String.join(", ", names.subList(0, Math.min(12, names.size()))) + (names.size() > 12 ? ", …" : "");
        } catch (IOException e) {
            return "nothing that can be read (" + AtomicFile.reason(e) + ")";
        }
    }
}
