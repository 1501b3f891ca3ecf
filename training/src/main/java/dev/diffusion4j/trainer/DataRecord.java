// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.data.Dataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a run noted of its data, to notice on resuming that it is other data, and in what.
 *
 * @param fingerprint of all; empty where nothing was noted
 * @param contents what it is a fingerprint of, part by part; empty in checkpoints of earlier versions
 */
public record DataRecord(String fingerprint, Map<String, String> contents) {
    /** Nothing. */
    public static final DataRecord NONE = new DataRecord("", Map.of());

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{32,}");

    public DataRecord {
        contents = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(contents));
    }

    /** Of a data set as it is now. */
    public static DataRecord of(Dataset dataset) {
        return new DataRecord(dataset.fingerprint(), dataset.contents());
    }

    /** What is no longer as it was, in words that go on after "of the data …"; empty where nothing changed. */
    public Optional<String> changeSince(DataRecord before) {
        if (before.fingerprint.isEmpty() || before.fingerprint.equals(fingerprint)) {
            return Optional.empty();
        }
        if (before.contents.isEmpty()) {
            return Optional.of(
                    "the pictures, their order, classes or captions are others (the checkpoint is of an earlier"
                            + " version and does not say which)");
        }
        Set<String> names = new LinkedHashSet<>(contents.keySet());
        names.addAll(before.contents.keySet());
        List<String> changes = new ArrayList<>();
        for (String name : names) {
            String old = before.contents.getOrDefault(name, "none");
            String now = contents.getOrDefault(name, "none");
            if (!old.equals(now)) {
                boolean hashed =
                        HASH.matcher(old).matches() && HASH.matcher(now).matches();
                changes.add(name + (hashed ? " changed" : " was " + text(old) + " and is " + text(now)));
            }
        }
        return Optional.of(
                changes.isEmpty()
                        ? "number and classes are the same, but the pictures themselves are others"
                        : String.join(", ", changes));
    }

    private static String text(String value) {
        return HASH.matcher(value).matches() ? "there" : value;
    }
}
