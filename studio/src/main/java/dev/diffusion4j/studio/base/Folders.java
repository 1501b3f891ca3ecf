// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.serve.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The folders that were opened, each by a short name. A page calls what is in them by a place: the folder's name, and the path within it, with slashes. No
 * place leads out of them, nor does a link in them.
 */
public final class Folders {
    private final Map<String, Path> roots = new LinkedHashMap<>();

    /** @throws Problem (a wrong request) where one is no folder */
    public Folders(List<Path> folders) {
        for (Path folder : folders) {
            add(folder);
        }
        if (roots.isEmpty()) {
            throw Problem.request("give {folders} to open");
        }
    }

    private void add(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw Problem.request("{folders} must be a folder, but "
                    + (Files.exists(folder) ? folder + " is a file" : "there is no folder " + folder));
        }
        try {
            Path real = folder.toRealPath();
            if (roots.containsValue(real)) {
                return;
            }
            String name =
                    Optional.ofNullable(real.getFileName()).map(Path::toString).orElse("root");
            String unique = name;
            for (int i = 2; roots.containsKey(unique); i++) {
                unique = name + "-" + i;
            }
            roots.put(unique, real);
        } catch (IOException e) {
            throw Problem.failure("cannot open " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Their real paths by their names, in the order in which they were opened. */
    public Map<String, Path> all() {
        return Collections.unmodifiableMap(roots);
    }

    /** The one that was opened first, where the studio writes what nobody gave another place. */
    public Path first() {
        return roots.values().iterator().next();
    }

    /**
     * What is at a place.
     *
     * @return its real path
     * @throws Refusal (404) where there is nothing, or it is outside the folders
     */
    public Path resolve(String place) {
        try {
            String[] parts = place.split("/", 2);
            Path root = roots.get(parts[0]);
            if (root == null) {
                throw missing();
            }
            Path path = parts.length == 1 ? root : root.resolve(inside(parts[1]));
            Path real = path.toRealPath();
            if (!real.startsWith(root)) {
                throw missing();
            }
            return real;
        } catch (IOException | InvalidPathException e) {
            throw missing();
        }
    }

    /** A relative path that goes down only. */
    private static String inside(String text) {
        boolean leadsAway = text.startsWith("/") || text.indexOf('\\') >= 0 || text.indexOf('\0') >= 0;
        for (String part : text.split("/", -1)) {
            leadsAway |= part.equals("..") || part.equals(".");
        }
        if (leadsAway) {
            throw missing();
        }
        return text;
    }

    /**
     * Where something new may be made; its folder is there.
     *
     * @throws Refusal (404) where its folder is not, or is outside; (400) where the name is none
     */
    public Path fresh(String place) {
        int slash = place.lastIndexOf('/');
        if (slash < 0) {
            throw missing();
        }
        Path parent = resolve(place.substring(0, slash));
        String name = place.substring(slash + 1);
        if (name.isBlank()
                || name.startsWith(".")
                || name.chars().anyMatch(c -> c < ' ' || "\\/:*?\"<>|".indexOf(c) >= 0)) {
            throw Refusal.value("name", "'" + name + "' cannot be the {name} of a file: use letters, digits, - and _");
        }
        return parent.resolve(name);
    }

    /** How a page calls a path in one of the folders; empty where it is in none. */
    public Optional<String> place(Path path) {
        Path whole = path.toAbsolutePath().normalize();
        return roots.entrySet().stream()
                .filter(root -> whole.startsWith(root.getValue()))
                .max(Comparator.comparingInt(root -> root.getValue().getNameCount()))
                .map(root -> {
                    String inside = root.getValue().relativize(whole).toString().replace('\\', '/');
                    return inside.isEmpty() ? root.getKey() : root.getKey() + "/" + inside;
                });
    }

    /** Whether a file or folder, with all links followed, is in one of the folders. */
    public boolean holds(Path path) {
        try {
            Path real = path.toRealPath();
            return roots.values().stream().anyMatch(real::startsWith);
        } catch (IOException e) {
            return false; // gone, or a link that leads nowhere
        }
    }

    private static Refusal missing() {
        return Refusal.missing("there is no such file in the folders that are open");
    }
}
