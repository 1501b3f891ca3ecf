// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

/** An error whose message names fields, which each face calls by its own names. */
public interface Worded {
    /** The message with the fields called as {@code names} calls them; {@code getMessage()} is that of {@link FieldNames#BARE}. */
    String worded(FieldNames names);

    /** The message of {@code error} in the words of {@code names}, where it names fields; otherwise its message as it is. */
    static String message(Throwable error, FieldNames names) {
        return error instanceof Worded worded ? worded.worded(names) : String.valueOf(error.getMessage());
    }

    /** The message of {@code error} with its fields still in braces: for a message that is put around it. */
    static String marked(Throwable error) {
        return message(error, field -> "{" + field + "}");
    }
}
