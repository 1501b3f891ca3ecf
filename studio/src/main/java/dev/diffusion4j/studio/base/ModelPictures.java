// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a model draws: the newest samples of its run, the picture of its card, or one that lies beside its file. */
final class ModelPictures {
    /** Where a run leaves what it draws on its way. */
    private static final List<String> SAMPLES = List.of("samples", "imgs");

    private static final Pattern PICTURE = Pattern.compile("(?i).+\\.(png|jpe?g|webp)");
    private static final Pattern CURVE = Pattern.compile("(?i)loss.*");
    private static final Pattern OF_CARD = Pattern.compile("!\\[[^\\]]*\\]\\(([^)\\s:]+)\\)");
    private static final List<String> BESIDE = List.of(".png", ".preview.png", ".jpg", ".jpeg", ".webp");
    private static final long LONGEST_CARD = 1 << 20;

    private ModelPictures() {}

    /** Of a model's folder, that of its run, or its file; empty where there is none. */
    static Optional<Path> of(Path model) {
        if (!Files.isDirectory(model)) {
            return beside(model);
        }
        return SAMPLES.stream()
                .flatMap(name -> newest(model.resolve(name)).stream())
                .max(Comparator.comparing(ModelPictures::changed))
                .or(() -> ofFolder(model.resolve("model")))
                .or(() -> ofFolder(model));
    }

    private static Optional<Path> ofFolder(Path folder) {
        return ofCard(folder).or(() -> newest(folder));
    }

    private static Optional<Path> newest(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> hasName(file, PICTURE) && !hasName(file, CURVE))
                    .max(Comparator.comparing(ModelPictures::changed).thenComparing(Comparator.naturalOrder()));
        } catch (IOException e) {
            return Optional.empty(); // is being deleted, or may not be read
        }
    }

    private static boolean hasName(Path file, Pattern pattern) {
        return pattern.matcher(String.valueOf(file.getFileName())).matches();
    }

    private static Optional<Path> ofCard(Path folder) {
        Path card = folder.resolve("README.md");
        try {
            if (!Files.isRegularFile(card) || Files.size(card) > LONGEST_CARD) {
                return Optional.empty();
            }
            Matcher named = OF_CARD.matcher(Files.readString(card));
            while (named.find()) {
                Path file = folder.resolve(named.group(1)).normalize();
                if (file.startsWith(folder) && Files.isRegularFile(file) && !hasName(file, CURVE)) {
                    return Optional.of(file);
                }
            }
        } catch (IOException | InvalidPathException e) {
            return Optional.empty(); // may not be read, or is no text
        }
        return Optional.empty();
    }

    private static Optional<Path> beside(Path file) {
        String name = String.valueOf(file.getFileName());
        String base = name.substring(0, Math.max(0, name.lastIndexOf('.')));
        return BESIDE.stream()
                .map(end -> file.resolveSibling(base + end))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private static long changed(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }
}
