// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** Tiny pipelines that share all but their denoiser: golden/tiny-nets beside golden/tiny-sd and golden/tiny-xl. */
final class TinyFolder {
    private TinyFolder() {}

    /** Writes {@code to}, of {@code base} with another denoiser. */
    static Path of(String base, String net, Path to) {
        copy(Golden.path(base), to);
        copy(net(net), to.resolve("unet"));
        return to;
    }

    /** Writes {@code to}, a refiner: golden/tiny-refiner with the other parts of golden/tiny-xl. */
    static Path refiner(Path to) {
        copy(Golden.path("tiny-refiner"), to);
        for (String part : List.of("text_encoder_2", "tokenizer_2", "vae")) {
            copy(Golden.path("tiny-xl").resolve(part), to.resolve(part));
        }
        return to;
    }

    /**
     * Writes {@code to}, golden/tiny-sd with control networks as parts.
     *
     * @param index the name of its model_index.json in golden/tiny-places
     */
    static Path controlled(String index, List<String> nets, Path to) {
        copy(Golden.path("tiny-sd"), to);
        copy(Golden.path("tiny-places").resolve(index + ".json"), to.resolve("model_index.json"));
        for (int i = 0; i < nets.size(); i++) {
            copy(net(nets.get(i)), to.resolve(i == 0 ? "controlnet" : "controlnet_" + i));
        }
        return to;
    }

    /** A network's own folder. */
    static Path net(String name) {
        Path place = Golden.path("tiny-places").resolve(name);
        return Files.exists(place) ? place : Golden.path("tiny-nets").resolve(name);
    }

    /** With all that is in it, over what is there. */
    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            List<Path> all = files.toList();
            for (Path file : all) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
