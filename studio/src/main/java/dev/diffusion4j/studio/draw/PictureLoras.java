// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.drawing.NotedLora;
import dev.diffusion4j.studio.base.Shelves;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the adapters of a picture's notes in the folders that are open: by what their files hold, or else by their name. */
record PictureLoras(Shelves shelves) {

    /**
     * Of a picture, as the page has them.
     *
     * @param notices receives in a line each what is not there, or not the same
     */
    List<Map<String, @Nullable Object>> of(Path picture, List<String> notices) {
        List<Map<String, @Nullable Object>> found = new ArrayList<>();
        for (NotedLora noted : NotedLora.of(picture)) {
            Optional<Shelves.Lora> lora = find(noted, notices);
            if (lora.isEmpty()) {
                notices.add("Its LoRA '" + noted.name() + "' is not in the folders that are open, and is left out.");
                continue;
            }
            if (noted.scale() != noted.textScale()) {
                notices.add("Its LoRA '" + noted.name() + "' counted " + noted.textScale()
                        + " in the text encoders: here " + noted.scale() + " counts in all networks.");
            }
            found.add(Map.of("name", lora.get().name(), "scale", noted.scale()));
        }
        return found;
    }

    /** Those of its name first: of other files a hash is only taken where none of these is the one. */
    private Optional<Shelves.Lora> find(NotedLora noted, List<String> notices) {
        List<Shelves.Lora> all = shelves.loras();
        List<Shelves.Lora> named =
                all.stream().filter(lora -> lora.word().equals(noted.name())).toList();
        if (noted.hash() != null) {
            Optional<Shelves.Lora> same = Stream.concat(named.stream(), all.stream())
                    .filter(lora -> shelves.hash(lora).filter(noted::isOf).isPresent())
                    .findFirst();
            if (same.isPresent()) {
                return same;
            }
        }
        if (!named.isEmpty() && (noted.hash() != null || named.size() > 1)) {
            notices.add(
                    noted.hash() != null
                            ? "Its LoRA '" + noted.name() + "' was another file than "
                                    + named.get(0).name() + " is, by its hash."
                            : "There are several LoRAs '" + noted.name() + "': "
                                    + named.get(0).name() + " is taken.");
        }
        return named.stream().findFirst();
    }
}
