// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which files a repository has.
 *
 * @param asked the repository as it was named, for messages
 * @param commit the same at the commit that its revision is
 * @param entries its files; where the Hub could not be asked and the commit's list is not known, those in the cache
 * @param isWhole whether these are all files of the commit
 */
public record HubContents(HubRepo asked, HubRepo commit, List<HubEntry> entries, boolean isWhole) {
    public HubContents {
        entries = List.copyOf(entries);
    }

    /** Whether there is a file of this path. */
    public boolean has(String path) {
        return entries.stream().anyMatch(entry -> entry.path().equals(path));
    }

    /** Whether one of the paths is such. */
    public boolean hasAny(Predicate<String> paths) {
        return entries.stream().map(HubEntry::path).anyMatch(paths);
    }

    /** The paths of all files. */
    public Set<String> names() {
        return entries.stream().map(HubEntry::path).collect(Collectors.toUnmodifiableSet());
    }
}
