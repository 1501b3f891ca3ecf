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
        List<@Nullable String> wanted = new ArrayList<>();
        wanted.add(variant);
        if (variant == null) {
            wanted.addAll(VARIANTS);
        }
        for (String candidate : wanted) {
            WeightSource found = openVariant(folder, stem, candidate);
            if (found != null) {
                return found;
            }
        }
        String name = variant == null ? stem + SAFETENSORS : stem + "." + variant + SAFETENSORS;
        throw Problem.failure(
                "there are no weights in " + folder + ": " + name + " was expected, found " + listing(folder));
    }

    private static @Nullable WeightSource openVariant(Path folder, String stem, @Nullable String variant) {
        String dotted = variant == null ? "" : "." + variant;
        for (String extension : List.of(SAFETENSORS, ".bin")) {
            List<String> indexes = List.of(
                    stem + extension + ".index" + dotted + ".json",
                    stem + extension + dotted + ".index.json"); // the second as diffusers wrote it before 0.31
            for (String index : indexes) {
                if (Files.exists(folder.resolve(index))) {
                    return ShardedWeights.open(folder.resolve(index));
                }
            }
            Path whole = folder.resolve(stem + dotted + extension);
            if (Files.exists(whole)) {
                return openFile(whole);
            }
        }
        return null;
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
