// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.hub.HubSettings;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The models that were fetched from the Hub before, in the cache that its Python client shares; nothing is asked of the Hub. */
final class HubModels {
    private static final String FOLDER = "models--";

    private HubModels() {}

    /** The folder of each by its name, {@code hub/org/name}; the newest of several commits. */
    static Map<String, Path> all() {
        Map<String, Path> found = new TreeMap<>();
        Path cache = HubSettings.withoutToken().cache();
        if (!Files.isDirectory(cache)) {
            return found;
        }
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(cache, FOLDER + "*")) {
            for (Path folder : folders) {
                String name = String.valueOf(folder.getFileName()).substring(FOLDER.length());
                newest(folder.resolve("snapshots"))
                        .ifPresent(commit -> found.put("hub/" + name.replaceFirst("--", "/"), commit));
            }
        } catch (IOException e) {
            return found; // as far as it can be read
        }
        return found;
    }

    /** Of the commits that hold the description of a pipeline. */
    private static Optional<Path> newest(Path snapshots) throws IOException {
        if (!Files.isDirectory(snapshots)) {
            return Optional.empty();
        }
        Path newest = null;
        long changed = Long.MIN_VALUE;
        try (DirectoryStream<Path> commits = Files.newDirectoryStream(snapshots)) {
            for (Path commit : commits) {
                Path index = commit.resolve(ComponentMap.FILE);
                if (Files.exists(index) && Files.getLastModifiedTime(index).toMillis() > changed) {
                    changed = Files.getLastModifiedTime(index).toMillis();
                    newest = commit;
                }
            }
        }
        return Optional.ofNullable(newest);
    }
}
