// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.recipe.Chain;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.RecipeDocument;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sees to it that a recipe which a page changed names no files outside of the folders that are open. */
final class PlaceGuard {
    /** Keys whose values are folders, files or data sets. */
    private static final Set<String> PLACES = Set.of(
            "data.source",
            "model.from",
            "model.tokenizer.folder",
            "lora.from",
            "dreambooth.class_pictures",
            "dreambooth.class_captions",
            "objective.autoencoder.classifier",
            "validation.kid.extractor",
            "export.folder");

    private static final Pattern DATA = Pattern.compile("(folder|idx|parquet):(.+)");

    private final Folders folders;

    PlaceGuard(Folders folders) {
        this.folders = folders;
    }

    /** A change whose value is a place of the page, with the path that it stands for. */
    String located(String change) {
        int equals = change.indexOf('=');
        String key = equals < 0 ? change : change.substring(0, equals);
        if (!isPlace(key)) {
            return change;
        }
        String value = unquoted(change.substring(equals + 1));
        Matcher data = DATA.matcher(value);
        String before = data.matches() ? data.group(1) + ":" : "";
        String place = data.matches() ? data.group(2) : value;
        if (place.isBlank() || place.equals("null")) {
            return change;
        }
        try {
            return key + "='" + before + folders.resolve(place).toString().replace("'", "''") + "'";
        } catch (Refusal e) {
            return change; // a name of the Hub or a built-in one, or what is refused below
        }
    }

    private static String unquoted(String value) {
        String text = value.strip();
        boolean isQuoted = text.length() > 1 && text.startsWith("'") && text.endsWith("'");
        return isQuoted ? text.substring(1, text.length() - 1).replace("''", "'") : text;
    }

    /** Of a recipe, or of a stage of a chain. */
    private static boolean isPlace(String key) {
        return PLACES.contains(key) || PLACES.contains(key.substring(key.indexOf('.') + 1));
    }

    /**
     * Looks at what a recipe names.
     *
     * @throws Refusal (400) naming the field whose file is outside
     */
    void check(RecipeDocument document, @Nullable String preset, List<String> changes) {
        if (document.isChain()) {
            Chain before = document.chain(preset, List.of());
            document.chain(preset, changes)
                    .stages()
                    .forEach((stage, recipe) -> check(recipe, before.stages().get(stage)));
        } else {
            check(document.recipe(preset, changes), document.recipe(preset, List.of()));
        }
    }

    private void check(Recipe recipe, @Nullable Recipe before) {
        Map<String, @Nullable Object> old = before == null ? Map.of() : before.toMap();
        List<String> known = new ArrayList<>();
        each("", old, (key, value) -> known.add(key + "=" + value));
        each("", recipe.toMap(), (key, value) -> {
            if (!known.contains(key + "=" + value) && (PLACES.contains(key) || key.startsWith("model.parts."))) {
                check(key, value);
            }
        });
    }

    private static void each(String prefix, Map<String, ?> map, BiConsumer<String, String> text) {
        map.forEach((key, value) -> {
            if (value instanceof Map<?, ?>) {
                each(prefix + key + ".", Json.object(value), text);
            } else if (value instanceof String word) {
                text.accept(prefix + key, word);
            }
        });
    }

    private void check(String key, String value) {
        try {
            if (key.equals("data.source") || key.equals("dreambooth.class_captions")) {
                DataSources.place(value).ifPresent(path -> check(key, value, path));
            } else if (!value.startsWith(Chain.RUN)) {
                check(key, value, Path.of(value));
            }
        } catch (InvalidPathException e) {
            throw Refusal.value(key, "{" + key + "} is no path");
        } catch (Problem e) {
            throw e.about(key);
        }
    }

    /** A name that is nothing on this machine is one of the Hub. */
    private void check(String key, String value, Path path) {
        boolean leadsUp = false;
        for (Path part : path) {
            leadsUp |= part.toString().equals("..");
        }
        boolean isHere = path.isAbsolute() || leadsUp || Files.exists(path);
        if (isHere && folders.place(real(path)).isEmpty()) {
            throw Refusal.value(
                    key, "{" + key + "} must be in one of the folders that are open, but was '" + value + "'");
        }
    }

    /** Of the part that is there. */
    private static Path real(Path path) {
        Path whole = path.toAbsolutePath().normalize();
        for (Path there = whole; there != null; there = there.getParent()) {
            if (Files.exists(there)) {
                try {
                    return there.toRealPath().resolve(there.relativize(whole));
                } catch (IOException e) {
                    return Objects.requireNonNull(whole.getRoot());
                }
            }
        }
        return whole;
    }
}
