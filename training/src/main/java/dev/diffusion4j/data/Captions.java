// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What pictures show, from {@code metadata.jsonl} as Hugging Face's image folders have it: a JSON object a line, with the
 * {@code file_name} relative to the file, and a {@code text}, {@code caption} or {@code prompt}. One at the top, or one in each
 * folder.
 */
final class Captions {
    private static final Logger LOG = LoggerFactory.getLogger(Captions.class);
    private static final String FILE = "metadata.jsonl";
    private static final List<String> KEYS = List.of("text", "caption", "prompt");

    private Captions() {}

    /**
     * @param names of all pictures, relative to {@code root}
     * @return the caption of each picture that has one
     * @throws UserError (exit code 1) naming the file and the line that is not sound
     */
    static Map<String, String> read(Path root, List<String> names) {
        Map<String, String> captions = new HashMap<>();
        Set<String> known = new HashSet<>(names);
        Set<String> folders = new HashSet<>(Set.of(""));
        names.forEach(name -> folders.add(name.substring(0, name.lastIndexOf('/') + 1)));
        for (String folder : folders) {
            Path file = root.resolve(folder + FILE);
            if (Files.exists(file)) {
                read(file, folder, known, captions);
            }
        }
        return captions;
    }

    private static void read(Path file, String folder, Set<String> known, Map<String, String> captions) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
        int missing = 0;
        String firstMissing = "";
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            String where = file + ", line " + (i + 1);
            Map<String, @Nullable Object> line = Json.parseObject(lines.get(i), where);
            if (!(line.get("file_name") instanceof String name)) {
                throw UserError.failure(where + ": there is no file_name");
            }
            String full = folder + name.replace('\\', '/');
            String caption = caption(line, where);
            if (!known.contains(full)) {
                missing++;
                firstMissing = firstMissing.isEmpty() ? full : firstMissing;
            } else if (caption != null) {
                captions.put(full, caption);
            }
        }
        if (missing > 0) {
            LOG.warn("{} names {} files that are not there; the first is {}", file, missing, firstMissing);
        }
    }

    private static @Nullable String caption(Map<String, @Nullable Object> line, String where) {
        for (String key : KEYS) {
            Object value = line.get(key);
            if (value instanceof String text) {
                return text;
            }
            if (value != null) {
                throw UserError.failure(where + ": " + key + " must be a text, but is " + Json.describe(value));
            }
        }
        return null;
    }
}
