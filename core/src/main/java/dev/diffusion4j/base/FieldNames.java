// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

    /** {@code text} with each field in braces replaced by its name; braces inside a path or quotes stay. */
    default String word(String text) {
        Matcher matcher = Marker.PATTERN.matcher(text);
        return matcher.replaceAll(found -> Matcher.quoteReplacement(of(found.group(1))));
    }

    /** The fields that {@code text} names in braces, each once, in the order in which they are named. */
    static List<String> in(String text) {
        List<String> fields = new ArrayList<>();
        Matcher matcher = Marker.PATTERN.matcher(text);
        while (matcher.find()) {
            if (!fields.contains(matcher.group(1))) {
                fields.add(matcher.group(1));
            }
        }
        return Collections.unmodifiableList(fields);
    }

    /** A field in braces that is a word of its own: {@code /tmp/{a}.png} and {@code '{a}'} are somebody's file and value. */
    final class Marker {
        private static final Pattern PATTERN = Pattern.compile(
                "(?<![^\\s(\"])\\{([a-z][A-Za-z0-9]*(?:\\.[a-z][A-Za-z0-9_]*)*)}(?![^\\s),:;=.?!'\"]|\\.[^\\s])");

        private Marker() {}
    }
}
