// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.studio.base.Shelves;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Steers pictures by a text, with the first CLIP that is found in the folders; it is read once and stays. Thread-safe. */
final class ClipGuides implements AutoCloseable {
    /** Of the texts that are meant. */
    static final String BEGINNING = "clip=";

    private final Shelves shelves;
    private final Map<String, LossGuidance> known = new LinkedHashMap<>();
    private @Nullable GuideKit kit;

    ClipGuides(Shelves shelves) {
        this.shelves = shelves;
    }

    /**
     * Of a text such as {@code clip=a red rose:8}.
     *
     * @return empty where it is another one, or there is no CLIP
     */
    synchronized Optional<LossGuidance> of(String text, DiffusionService service) {
        if (!text.startsWith(BEGINNING)) {
            return Optional.empty();
        }
        LossGuidance before = known.get(text);
        if (before != null) {
            return Optional.of(before);
        }
        Optional<Path> clip = kit == null ? shelves.clips().stream().findFirst() : Optional.of(Path.of(""));
        return clip.map(place -> {
            LossGuidance made = service.compute(() -> kit(place).parse(text));
            known.put(text, made);
            return made;
        });
    }

    private GuideKit kit(Path place) {
        GuideKit open = kit == null ? new GuideKit(new Clip.Origin(place, null), notice -> {}) : kit;
        kit = open;
        return open;
    }

    /** When nothing is drawn any more. */
    @Override
    public synchronized void close() {
        if (kit != null) {
            kit.close();
        }
    }
}
