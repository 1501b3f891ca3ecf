// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The text that names a data set: {@code KIND}, {@code KIND:SPLIT}, {@code KIND:FOLDER} or {@code KIND:FOLDER:SPLIT}.
 *
 * @param folder empty where the kind has none
 */
public record DataSpec(DataSourceKind kind, String folder, Split split) {

    /** The text that names the same source's test part; {@code null} where it has none, or that part is trained on. */
    @Nullable
    public String testPart() {
        if (!kind.hasSplits() || split != Split.TRAIN) {
            return null;
        }
        return kind.key() + (kind.hasFolder() ? ":" + folder : "") + ":" + Split.TEST.key();
    }

    /** @throws Problem (a wrong request) naming the choices and the nearest one */
    public static DataSpec parse(String text) {
        int colon = text.indexOf(':');
        String word = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        DataSourceKind kind = kind(text, word);
        Split split = Split.TRAIN;
        if (kind.hasSplits()) {
            int last = rest.lastIndexOf(':');
            String end = rest.substring(last + 1);
            Split found = split(end);
            if (found != null) {
                split = found;
                rest = last < 0 ? "" : rest.substring(0, last);
            } else if (!kind.hasFolder() && colon >= 0) {
                List<String> keys =
                        Arrays.stream(Split.values()).map(Split::key).toList();
                throw Problem.request("unknown part '" + end + "' of " + word + Nearest.hint(end, keys)
                        + "; choose one of " + String.join(", ", keys));
            }
        }
        if (kind.hasFolder() && rest.isBlank()) {
            throw Problem.request("the data source " + word + " needs a "
                    + (kind == DataSourceKind.HF ? "repository" : "folder") + ": " + kind.form());
        }
        if (!kind.hasFolder() && !rest.isBlank()) {
            throw Problem.request("unknown data source '" + text + "'; it must be " + kind.form());
        }
        return new DataSpec(kind, rest, split);
    }

    private static DataSourceKind kind(String text, String word) {
        List<String> forms = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        for (DataSourceKind kind : DataSourceKind.values()) {
            if (kind.key().equals(word.toLowerCase(Locale.ROOT).replace('-', '_'))) {
                return kind;
            }
            keys.add(kind.key());
            forms.add(kind.form());
        }
        String hint = isFolder(text) ? " (did you mean '" + ofFolder(Path.of(text)) + "'?)" : Nearest.hint(word, keys);
        throw Problem.request(
                "unknown data source '" + text + "'" + hint + "; choose one of " + String.join(", ", forms));
    }

    /** What the files in a folder look like. */
    private static String ofFolder(Path folder) {
        String kind = hasFile(folder, ".*[-.]idx3-ubyte(\\.gz)?")
                ? "idx"
                : hasFile(folder, ".*\\.parquet") ? "parquet" : "folder";
        return kind + ":" + folder;
    }

    private static boolean hasFile(Path folder, String name) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.getFileName().toString().matches(name));
        } catch (IOException e) {
            return false; // the folder's own reader says what is wrong with it
        }
    }

    private static boolean isFolder(String text) {
        try {
            return Files.isDirectory(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static @Nullable Split split(String word) {
        return Arrays.stream(Split.values())
                .filter(split -> split.key().equals(word))
                .findFirst()
                .orElse(null);
    }
}
