// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.json.Records;
import java.util.LinkedHashMap;
import java.util.Map;

/** The notes of a picture for people elsewhere, who are not to learn where files are. */
public final class NotesForOthers {
    private NotesForOthers() {}

    /**
     * The same notes, with the name of each file in place of its path.
     *
     * @param notes of a {@link DrawnPicture}
     * @param model what the model is called, in place of its path
     */
    public static Map<String, String> of(Map<String, String> notes, String model) {
        Map<String, String> others = new LinkedHashMap<>(notes);
        others.computeIfPresent(Infotext.NOTE, (name, text) -> Infotext.ofModel(text, model));
        others.computeIfPresent(RunManifest.NOTE, (name, text) -> {
            GenerationNote.Read read = GenerationNote.read(text, "note " + name);
            RunManifest manifest = read.manifest();
            return new RunManifest(
                            manifest.version(),
                            manifest.device(),
                            manifest.dtype(),
                            manifest.modelHash(),
                            Records.toMap(read.note().withoutPlaces(model)))
                    .toText();
        });
        return others;
    }
}
