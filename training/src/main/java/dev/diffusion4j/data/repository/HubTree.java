// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubContents;
import dev.diffusion4j.hub.HubEntry;
import dev.diffusion4j.hub.HubRepo;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A data set's repository on the Hub, at one commit. The list of its files is kept, so that a second start with all files in the
 * cache asks only which commit the revision is, and without a network not even that.
 */
public final class HubTree implements FileTree {
    private static final Logger LOG = LoggerFactory.getLogger(HubTree.class);

    private final HubClient hub;
    private final HubRepo asked;
    private final HubRepo commit;
    private final Map<String, HubEntry> entries = new TreeMap<>();

    /**
     * Asks for the commit and its files.
     *
     * @throws Problem (a failure) where there is no such data set, it may not be seen, or the Hub cannot be reached
     */
    public HubTree(HubClient hub, HubRepo repo) {
        this.hub = hub;
        asked = repo;
        HubContents contents = hub.contents(repo);
        commit = contents.commit();
        contents.entries().forEach(entry -> entries.put(entry.path(), entry));
    }

    @Override
    public String description() {
        return "hf:" + asked;
    }

    @Override
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    @Override
    public Path fetch(List<String> wanted) {
        long missing = hub.cached(commit)
                .map(folder -> bytes(
                        wanted.stream().filter(name -> !isIn(folder, name)).toList()))
                .orElseGet(() -> bytes(wanted));
        if (missing > 1 << 20) {
            LOG.info("fetching {} ({} files, {} MB)", this, wanted.size(), missing / 1_000_000);
        }
        return hub.files(commit, wanted);
    }

    private static boolean isIn(Path folder, String name) {
        try {
            return Files.exists(folder.resolve(name));
        } catch (InvalidPathException e) {
            return false; // refused when it is fetched
        }
    }

    private long bytes(List<String> names) {
        return names.stream()
                .mapToLong(name -> entries.containsKey(name)
                        ? Math.max(0, entries.get(name).size())
                        : 0)
                .sum();
    }

    /** Of the commit's list: the files themselves are checked by it when they are fetched. */
    @Override
    public String hash(String name) {
        HubEntry entry = entries.get(name);
        return entry == null ? Hashes.sha256(name) : entry.etag().toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return description();
    }
}
