// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What made a picture or a model: stored in each PNG and each run folder, enough to make it again.
 *
 * @param version of this library
 * @param device {@code cpu} or {@code cuda:0}
 * @param dtype {@code f32} or {@code bf16}
 * @param modelHash SHA-256 of the weights' file, or of the index and its shards
 * @param settings everything else, by name
 */
public record RunManifest(
        String version, String device, String dtype, String modelHash, Map<String, @Nullable Object> settings) {
    /** The name of the note in a PNG. */
    public static final String NOTE = "diffusion4j";

    private static final RunManifest EMPTY = new RunManifest("", "cpu", "f32", "", Map.of());

    public RunManifest {
        settings = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /** The version in the jar's manifest; {@code development} where the classes were not packed. */
    public static String libraryVersion() {
        String version = RunManifest.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** One line of JSON. */
    public String toText() {
        return Json.compact(Records.toMap(this));
    }

    /** From {@link #toText()}; {@code where} names it in errors. */
    public static RunManifest fromText(String text, String where) {
        return Records.bind(EMPTY, Json.parseObject(text, where), where);
    }
}
