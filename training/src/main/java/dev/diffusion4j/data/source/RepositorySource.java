// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.parquet.ImagePacker;
import dev.diffusion4j.data.repository.DatasetLayout;
import dev.diffusion4j.data.repository.FileTree;
import dev.diffusion4j.data.repository.HubTree;
import dev.diffusion4j.data.repository.LocalTree;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Data sets as the Hub has them: Parquet files, or pictures in folders, with configurations and splits. {@code
 * org/name[@revision][:config][:split]} is fetched into the cache that the Python client uses too; {@code parquet:PATH[:config][:split]} is
 * a folder or a file of this machine.
 */
public final class RepositorySource {
    private static final String FORM = "hf:org/name[@revision][:config][:split]";
    private static final String OF_HUB = "hf://datasets/";

    private RepositorySource() {}

    /** @throws Problem (a wrong request) where the text names no repository, or no part of it; (a failure) where it cannot be had */
    public static Dataset onHub(String text, SourceOptions options) {
        return onHub(text, options, new HubClient(HubSettings.fromEnvironment()));
    }

    static Dataset onHub(String text, SourceOptions options, HubClient hub) {
        List<String> words = Arrays.asList(text.split(":", -1));
        if (words.size() > 3 || words.stream().anyMatch(String::isBlank)) {
            throw Problem.request("'" + text + "' is no data set of the Hub: it must be " + FORM);
        }
        HubTree tree = new HubTree(hub, repository(words.get(0)));
        return open(tree, words.subList(1, words.size()), options);
    }

    private static HubRepo repository(String text) {
        int at = text.indexOf('@');
        try {
            return new HubRepo(
                    HubRepo.Type.DATASET,
                    at < 0 ? text : text.substring(0, at),
                    at < 0 ? HubRepo.MAIN : text.substring(at + 1));
        } catch (IllegalArgumentException e) {
            throw Problem.request(Worded.marked(e) + "; a data set of the Hub is " + FORM);
        }
    }

    /** A path may hold colons itself: what exists is not a part. */
    public static Dataset onDisk(String text, SourceOptions options) {
        String place = text;
        List<String> words = new ArrayList<>();
        while (!exists(place) && place.indexOf(':') > 0 && words.size() < 2) {
            int colon = place.lastIndexOf(':');
            words.add(0, place.substring(colon + 1));
            place = place.substring(0, colon);
        }
        if (!exists(place)) {
            throw Problem.failure("there is no file or folder " + text);
        }
        return open(new LocalTree(Path.of(place), "parquet:" + place), words, options);
    }

    private static boolean exists(String place) {
        try {
            return Files.exists(Path.of(place));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static Path folder(SourceOptions options, String name) {
        return options.cacheFolder().resolve("datasets").resolve(name);
    }

    private static Dataset open(FileTree tree, List<String> words, SourceOptions options) {
        DatasetLayout.Part part = DatasetLayout.of(tree).part(words);
        Path root = tree.fetch(part.files());
        boolean isDefault = part.config().equals("default");
        String description = tree.description() + " (" + (isDefault ? "" : part.config() + ", ") + part.split() + ")";
        if (!part.isParquet()) {
            return FolderSource.ofPart(description, root, part, options.columns());
        }
        List<ParquetSource.Table> tables = part.files().stream()
                .map(file -> new ParquetSource.Table(root.resolve(file), name(tree, file), tree.hash(file)))
                .toList();
        return ParquetSource.open(
                description, tables, options.columns(), part.features(), files(tree), folder(options, "parquet"));
    }

    private static String name(FileTree tree, String file) {
        return tree.description().endsWith(file) ? tree.description() : tree.description() + ", " + file;
    }

    /** What a table names in place of a picture's bytes: a file of the same repository, and no other. */
    private static ImagePacker.Files files(FileTree tree) {
        List<String> names = tree.names();
        String own = OF_HUB + tree.description().replaceFirst("^hf:", "").replaceFirst("@.*", "");
        return path -> {
            boolean isOwn = path.startsWith(own + "/") || path.startsWith(own + "@");
            String name = isOwn ? path.substring(own.length()).replaceFirst("^[^/]*/", "") : path;
            if (java.util.Collections.binarySearch(names, name) < 0) {
                throw new IOException("it names the file " + path + ", which is not in the data set");
            }
            return Files.readAllBytes(tree.fetch(List.of(name)).resolve(name));
        };
    }
}
