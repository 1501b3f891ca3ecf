// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.gallery;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.FileRoutes;
import dev.diffusion4j.studio.base.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What people say of pictures: starred ones, and those that were thrown away and can be had back. Both lie in a folder {@value #OWN} of the opened one. */
final class Bin {
    /** The studio's own folder in each of those that were opened. */
    static final String OWN = ".studio";

    private static final String STARS = "stars.json";

    private final Folders folders;

    Bin(Folders folders) {
        this.folders = folders;
    }

    private Path rootOf(Path file) {
        return folders.all().values().stream()
                .filter(file::startsWith)
                .findFirst()
                .orElseThrow();
    }

    /** The places of all that are starred. */
    synchronized Set<String> stars() {
        Set<String> all = new TreeSet<>();
        folders.all().values().forEach(root -> all.addAll(stars(root)));
        return all;
    }

    private static Set<String> stars(Path root) {
        Path file = root.resolve(OWN).resolve(STARS);
        if (Files.exists(file) && Json.readObject(file).get("stars") instanceof List<?> list) {
            Set<String> stars = new TreeSet<>();
            list.forEach(place -> stars.add(String.valueOf(place)));
            return stars;
        }
        return new TreeSet<>();
    }

    /** Stars a picture, or takes its star. */
    synchronized void star(String place, boolean isOn) {
        Path root = rootOf(folders.resolve(place));
        Set<String> stars = stars(root);
        boolean isChanged = isOn ? stars.add(place) : stars.remove(place);
        if (isChanged) {
            own(root);
            AtomicFile.write(root.resolve(OWN).resolve(STARS), Json.pretty(Map.of("stars", List.copyOf(stars))) + "\n");
        }
    }

    private static Path own(Path root) {
        try {
            return Files.createDirectories(root.resolve(OWN).resolve("bin"));
        } catch (IOException e) {
            throw Problem.failure("cannot make " + root.resolve(OWN) + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Throws a picture away.
     *
     * @return by what it is had back
     * @throws Refusal (404) where it is none
     */
    synchronized String add(String place) {
        Path file = folders.resolve(place);
        try {
            if (FileRoutes.type(file) == null) {
                throw Refusal.missing("there is no picture at this place");
            }
            String name = UUID.randomUUID().toString();
            Path bin = own(rootOf(file));
            Path about = bin.resolve(name + ".json");
            AtomicFile.write(about, Json.compact(Map.of("place", place)));
            try {
                Files.move(file, bin.resolve(name));
            } catch (IOException e) {
                Files.deleteIfExists(about);
                throw e;
            }
            return name;
        } catch (IOException e) {
            throw Problem.failure("cannot throw " + file + " away: " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Has a picture back where it was.
     *
     * @return its place
     * @throws Refusal (404) where it is not in the bin; (409) where there is another file by now
     */
    synchronized String restore(String name) {
        if (!name.matches("[0-9a-f-]{36}")) {
            throw Refusal.missing("there is no such picture in the bin");
        }
        for (Path root : folders.all().values()) {
            Path file = root.resolve(OWN).resolve("bin").resolve(name);
            if (Files.exists(file)) {
                return back(file);
            }
        }
        throw Refusal.missing("there is no such picture in the bin");
    }

    private String back(Path file) {
        Path about = file.resolveSibling(file.getFileName() + ".json");
        String place = String.valueOf(Json.readObject(about).get("place"));
        Path target = folders.fresh(place);
        if (Files.exists(target)) {
            throw new Refusal(409, "there is another file at " + place + " by now", "exists", null);
        }
        try {
            Files.move(file, target);
            Files.deleteIfExists(about);
        } catch (IOException e) {
            throw Problem.failure("cannot put " + place + " back: " + AtomicFile.reason(e), e);
        }
        return place;
    }

    /** What is in the bin: by what it is had back, and where it was. */
    synchronized List<Map<String, @Nullable Object>> list() {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (Path root : folders.all().values()) {
            Path bin = root.resolve(OWN).resolve("bin");
            if (!Files.isDirectory(bin)) {
                continue;
            }
            try (var files = Files.newDirectoryStream(bin, "*.json")) {
                for (Path about : files) {
                    String name = String.valueOf(about.getFileName()).replace(".json", "");
                    all.add(Map.of(
                            "name",
                            name,
                            "place",
                            String.valueOf(Json.readObject(about).get("place"))));
                }
            } catch (IOException e) {
                throw Problem.failure("cannot look into " + bin + ": " + AtomicFile.reason(e), e);
            }
        }
        return all;
    }
}
