// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.studio.base.ClipTexts;
import dev.diffusion4j.studio.base.Shelves;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Steers pictures by a text, with the first CLIP that is found in the folders; it is read once and stays. Thread-safe. */
final class ClipGuides implements AutoCloseable {
    /** Of the texts that are meant. */
    static final String BEGINNING = "clip=";

    private final Shelves shelves;
    private @Nullable ClipTexts texts;

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
        ClipTexts open = texts;
        if (open == null) {
            open = shelves.clips().stream()
                    .findFirst()
                    .map(place -> new ClipTexts(place, notice -> {}))
                    .orElse(null);
            texts = open;
        }
        ClipTexts known = open;
        return known == null
                ? Optional.empty()
                : Optional.of(service.compute(() -> known.of(text, ClipTexts.usedBy(service))));
    }

    /** When nothing is drawn any more. */
    @Override
    public synchronized void close() {
        if (texts != null) {
            texts.close();
        }
    }
}
