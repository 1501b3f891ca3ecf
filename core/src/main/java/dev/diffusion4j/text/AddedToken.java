// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A token that is found in a text as a whole, before the text is cut into words: transformers' {@code AddedToken}.
 *
 * @param content as it stands in a text
 * @param special whether it marks a place (start, end, padding) and is no word
 * @param normalized whether it is looked for in the cleaned text, in which letter case does not count; else in the text as given
 * @param singleWord whether it is found between words only, not within one
 * @param lstrip whether white space before it belongs to it
 * @param rstrip whether white space after it belongs to it
 */
public record AddedToken(
        String content, boolean special, boolean normalized, boolean singleWord, boolean lstrip, boolean rstrip) {

    /** One that marks a place, found exactly as it is. */
    public static AddedToken special(String content) {
        return new AddedToken(content, true, false, false, false, false);
    }

    /** A word, found in any letter case and within words. */
    public static AddedToken word(String content) {
        return new AddedToken(content, false, true, false, false, false);
    }

    /**
     * From a text, or from an object with a {@code content}.
     *
     * @param special whether it is special where the object does not say
     * @param where the file, for messages
     */
    static AddedToken fromJson(@Nullable Object json, boolean special, String where) {
        if (json instanceof String content) {
            return special ? special(content) : word(content);
        }
        if (!(json instanceof Map<?, ?> fields) || !(fields.get("content") instanceof String content)) {
            throw Problem.failure(where + " must hold a token as a text or as an object with a content, but holds "
                    + Json.describe(json));
        }
        boolean marks = isSet(fields, "special", special);
        return new AddedToken(
                content,
                marks,
                isSet(fields, "normalized", !marks),
                isSet(fields, "single_word", false),
                isSet(fields, "lstrip", false),
                isSet(fields, "rstrip", false));
    }

    private static boolean isSet(Map<?, ?> fields, String key, boolean fallback) {
        return fields.get(key) instanceof Boolean set ? set : fallback;
    }

    /** The same as one that marks a place; where it is looked for stays. */
    AddedToken asSpecial() {
        return new AddedToken(content, true, normalized, singleWord, lstrip, rstrip);
    }

    /** An object with all fields. */
    Map<String, @Nullable Object> toJson() {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("content", content);
        json.put("single_word", singleWord);
        json.put("lstrip", lstrip);
        json.put("rstrip", rstrip);
        json.put("normalized", normalized);
        json.put("special", special);
        return json;
    }
}
