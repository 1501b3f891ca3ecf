// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.guidance.GuideSpec;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.studio.base.Shelves;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The losses that a page can steer by, and those of a picture's notes as it has them. */
record PictureGuides(Shelves shelves) {
    private static final List<String> OF_FILES = List.of("classifier", "mask", "clip-image");
    private static final String CLIP = "clip";
    private static final String COLOUR = "color";

    /** All that are made without naming a file, as far as the folders that are open have what they look with. */
    List<String> names() {
        boolean hasClip = !shelves.clips().isEmpty();
        return GuideKit.names().stream()
                .filter(name -> !OF_FILES.contains(name))
                .filter(name -> !name.equals(CLIP) || hasClip)
                .toList();
    }

    /**
     * Of a picture's notes, by the names that the page has for them.
     *
     * @param notices receives in a line each what is left out
     */
    List<String> of(List<String> noted, List<String> notices) {
        List<String> names = names();
        List<String> found = new ArrayList<>();
        for (String text : noted) {
            parsed(text)
                    .filter(spec -> names.contains(GuideKit.nameOf(spec)))
                    .ifPresentOrElse(spec -> found.add(text(spec)), () -> notices.add(leftOut(text)));
        }
        return found;
    }

    private static Optional<GuideSpec> parsed(String text) {
        try {
            return Optional.of(GuideSpec.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // of another version
        }
    }

    /** A page picks colours that begin with {@code #}. */
    private static String text(GuideSpec spec) {
        String name = GuideKit.nameOf(spec);
        boolean isBare = name.equals(COLOUR) && !spec.value().startsWith("#");
        String scale = spec.text().substring(spec.text().lastIndexOf(':'));
        return name + "=" + (isBare ? "#" : "") + spec.value() + scale;
    }

    private static String leftOut(String text) {
        String name = parsed(text).map(GuideKit::nameOf).orElse("");
        String why = name.equals(CLIP)
                ? "there is no CLIP in the folders that are open"
                : OF_FILES.contains(name) ? "this page takes no file of its own" : "this page does not know it";
        return "It was steered by '" + text + "', which is left out: " + why + ".";
    }
}
