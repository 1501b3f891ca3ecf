// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a face calls the library's fields. A message of the library names a field in braces: {@code {steps} must be at most
 * 1000, but was 5000}. The command words it as {@code --steps}, a service as {@code "steps"}; without a face it is
 * {@code steps}. A field is a Java name ({@code guidanceScale}) or a key of a recipe ({@code training.max_steps}).
 */
@FunctionalInterface
public interface FieldNames {
    /** Names each field as the library does. */
    FieldNames BARE = field -> field;

    /** What the face calls {@code field}. */
    String of(String field);

    /**
     * {@code text} with each field in braces replaced by its name; braces inside a path or quotes stay. Where a person's own words may stand
     * without quotes, {@link #of} leaves those in braces that the person wrote.
     */
    default String word(String text) {
        Matcher matcher = Marker.PATTERN.matcher(text);
        return matcher.replaceAll(
                found -> Matcher.quoteReplacement(found.group(1) == null ? found.group() : of(found.group(1))));
    }

    /**
     * A field in braces that is a word of its own: {@code /tmp/{a}.png} and {@code 'my {a}'} are somebody's file and value, so that
     * a text in quotes is found as a whole, without a group.
     */
    final class Marker {
        private static final String QUOTED = "(?<![^\\s(=:,\"])'.*?'(?![\\p{L}\\p{N}])";
        private static final Pattern PATTERN = Pattern.compile(QUOTED
                + "|(?<![^\\s(\"])\\{([a-z][A-Za-z0-9]*(?:\\.[a-z][A-Za-z0-9_]*)*)}(?![^\\s),:;=.?!'\"]|\\.[^\\s])");

        private Marker() {}
    }
}
