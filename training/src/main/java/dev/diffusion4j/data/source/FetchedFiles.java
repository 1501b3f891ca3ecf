// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.file.Download;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files of a known data set: in the cache, or fetched into it once.
 *
 * @param key the name of the source, and of the folder in the cache
 * @param variable the environment variable that names another place to fetch the files from
 * @param mirrors addresses of folders that hold the files, tried one after the other
 * @param checksums SHA-256 or MD5 of each file, in hexadecimal
 */
public record FetchedFiles(String key, String variable, List<String> mirrors, Map<String, String> checksums) {
    private static final Logger LOG = LoggerFactory.getLogger(FetchedFiles.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    Path folder(SourceOptions options) {
        return options.cacheFolder().resolve("datasets").resolve(key);
    }

    /**
     * Fetches what the cache lacks.
     *
     * @param wanted names of {@link #checksums}
     * @param otherwise what to do without them, for the message
     * @throws Problem (a failure) where a file cannot be had; (a wrong request) where the other place is no address
     */
    void fetchMissing(List<String> wanted, SourceOptions options, String otherwise) {
        Path folder = folder(options);
        List<String> missing = wanted.stream()
                .filter(name -> !Files.exists(folder.resolve(name)))
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        String given = options.mirror();
        String mirror = given != null ? given : System.getenv(variable);
        List<String> addresses = mirror == null || mirror.isBlank() ? mirrors : List.of(mirror);
        List<URI> bases = addresses.stream().map(this::folderAddress).toList();
        Download download = new Download(PATIENCE);
        LOG.info("fetching {} of {} into {}", String.join(", ", missing), key, folder);
        for (String name : missing) {
            try {
                download.fetch(bases, name, Objects.requireNonNull(checksums.get(name)), folder);
            } catch (Download.Failed e) {
                throw Problem.failure(
                        key + " needs " + String.join(", ", missing) + ", which are not in " + folder
                                + " and could not be fetched (" + name + " from " + Worded.marked(e) + "); "
                                + otherwise,
                        e);
            }
        }
    }

    private URI folderAddress(String address) {
        try {
            URI uri = URI.create(address.endsWith("/") ? address : address + "/");
            if (uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw Problem.request(variable + " must be an address like https://host/folder/, but was " + address);
    }
}
