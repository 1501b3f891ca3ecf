// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the weights in a component's folder as diffusers does: safetensors before pickles, whole before sharded. */
public final class WeightFiles {
    /** The stem of all weights' files of diffusers. */
    public static final String STEM = "diffusion_pytorch_model";

    private static final List<String> VARIANTS = List.of("fp16", "bf16");

    private WeightFiles() {}

    /**
     * Opens the weights of a folder.
     *
     * @param variant the one to take ({@code fp16}), or {@code null}: the plain one, else any variant that is there
     * @throws UserError (exit code 1) saying what was found instead
     */
    public static WeightSource open(Path folder, @Nullable String variant) {
        List<@Nullable String> wanted = new ArrayList<>();
        wanted.add(variant);
        if (variant == null) {
            wanted.addAll(VARIANTS);
        }
        for (String candidate : wanted) {
            WeightSource found = openVariant(folder, candidate);
            if (found != null) {
                return found;
            }
        }
        String name = variant == null ? STEM + ".safetensors" : STEM + "." + variant + ".safetensors";
        throw UserError.failure("there are no weights in " + folder + ": " + name + " was expected, found " + listing(folder));
    }

    private static @Nullable WeightSource openVariant(Path folder, @Nullable String variant) {
        String dotted = variant == null ? "" : "." + variant;
        Path safetensors = folder.resolve(STEM + dotted + ".safetensors");
        if (Files.exists(safetensors)) {
            return Safetensors.open(safetensors);
        }
        Path index = folder.resolve(STEM + ".safetensors.index" + dotted + ".json");
        if (Files.exists(index)) {
            return ShardedWeights.open(index);
        }
        return null;
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
