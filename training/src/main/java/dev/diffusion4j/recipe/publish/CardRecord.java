// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.ModelCard;
import dev.diffusion4j.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a card's own words, outside of our sections, read when it was published last, here and on the Hub; in a hidden file beside the card. By it
 * the next push knows who changed them since.
 */
final class CardRecord {
    private static final String FILE = ".published.json";

    private final Path file;
    private final Map<String, @Nullable Object> known;

    private CardRecord(Path file, Map<String, @Nullable Object> known) {
        this.file = file;
        this.known = known;
    }

    /** That of a card; empty where it was never published from here. */
    static CardRecord beside(Path card) {
        Path file = card.resolveSibling(FILE);
        return new CardRecord(file, Files.isRegularFile(file) ? Json.readObject(file) : Map.of());
    }

    /** Whether the card was published from here before. */
    boolean knows(HubRepo repo) {
        return repo.id().equals(known.get("repo"));
    }

    boolean isChangedHere(String card) {
        return !hash(card).equals(known.get("here"));
    }

    boolean isChangedThere(String card) {
        return !hash(card).equals(known.get("there"));
    }

    /** Keeps it for the next push, where the folder may be written. */
    void write(HubRepo repo, String here, String there) {
        Map<String, @Nullable Object> now = new LinkedHashMap<>();
        now.put("repo", repo.id());
        now.put("here", hash(here));
        now.put("there", hash(there));
        try {
            AtomicFile.write(file, Json.pretty(now));
        } catch (Problem e) {
            // a folder that may not be written: it is published all the same, and the next push goes by the Hub's words
        }
    }

    private static String hash(String card) {
        return Hashes.sha256(ModelCard.ownWords(card));
    }
}
