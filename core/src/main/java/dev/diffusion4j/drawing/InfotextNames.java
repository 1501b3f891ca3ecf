// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubRepo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What files are called in a picture's text: never by where a cache or a run keeps them. */
final class InfotextNames {
    private static final List<String> ENDS = List.of(".safetensors", ".ckpt", ".pt", ".pth", ".bin");

    private InfotextNames() {}

    /** Of a model, or of a network that joins one: {@code org/name} on the Hub, the name of its file, folder or run elsewhere. */
    static String of(Path place) {
        return repository(place).orElseGet(() -> {
            Path whole = place.toAbsolutePath().normalize();
            Path parent = whole.getParent();
            Path model = parent != null && Files.isDirectory(whole) && Files.exists(parent.resolve(ComponentMap.FILE))
                    ? parent // of which this is a part
                    : whole;
            return plain(PipelinePlace.runOf(model));
        });
    }

    /** Of an adapter, as {@code <lora:NAME:1>} names it. */
    static String ofLora(Path place) {
        return plain(repository(place).map(Path::of).orElse(place));
    }

    private static Optional<String> repository(Path place) {
        return Files.isRegularFile(place)
                ? Optional.empty()
                : PipelinePlace.repository(place).map(HubRepo::id).or(() -> HubRepo.cachedIn(place));
    }

    /** A file's or folder's name without what says its form. */
    private static String plain(Path place) {
        String name = String.valueOf(place.toAbsolutePath().normalize().getFileName());
        return ENDS.stream()
                .filter(name::endsWith)
                .findFirst()
                .map(end -> name.substring(0, name.length() - end.length()))
                .orElse(name);
    }
}
