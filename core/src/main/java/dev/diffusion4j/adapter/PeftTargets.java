// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which layers peft would put a product beside, by {@code exclude_modules}, {@code target_modules}, {@code layers_to_transform} and
 * {@code layers_pattern}. A file that peft wrote holds no other; one that was put together by hand may, and peft ignores those.
 */
final class PeftTargets {
    private static final String ALL = "all-linear";

    private final Map<String, @Nullable Object> config;
    private final String where;

    PeftTargets(Map<String, @Nullable Object> config, String where) {
        this.config = config;
        this.where = where;
    }

    /** @throws Problem (a failure) naming the setting that leaves {@code layer} out, though the file has it */
    void check(String layer) {
        Object excluded = config.get("exclude_modules");
        Object targets = config.get("target_modules");
        if (excluded != null && names(excluded, layer, "exclude_modules")) {
            throw leftOut("exclude_modules", layer);
        }
        if (targets == null || targets instanceof String text && text.equalsIgnoreCase(ALL)) {
            return;
        }
        if (!names(targets, layer, "target_modules")) {
            throw leftOut("target_modules", layer);
        }
        List<Object> indexes = list(config.get("layers_to_transform"));
        if (!(targets instanceof String) && !indexes.isEmpty() && !indexes.contains(index(layer))) {
            throw leftOut("layers_to_transform", layer);
        }
    }

    /** A text is a regular expression for the whole name, a list holds last parts of names. */
    private boolean names(Object choice, String layer, String key) {
        if (choice instanceof String pattern) {
            return compiled(pattern, key).matcher(layer).matches();
        }
        return list(choice).stream().anyMatch(name -> layer.equals(name) || layer.endsWith("." + name));
    }

    /** The first number in the name, or the one after a part that {@code layers_pattern} names; −1 where there is none. */
    private long index(String layer) {
        List<Object> patterns = list(config.get("layers_pattern"));
        Stream<String> searched = patterns.isEmpty()
                ? Stream.of(".*?\\.[^.]*\\.(\\d{1,18})\\.")
                : patterns.stream().map(pattern -> "(?:^|.*?\\.)" + pattern + "\\.(\\d{1,18})\\.");
        return searched.map(pattern -> compiled(pattern, "layers_pattern").matcher(layer))
                .filter(Matcher::lookingAt)
                .findFirst()
                .map(matcher -> Long.parseLong(matcher.group(matcher.groupCount())))
                .orElse(-1L);
    }

    private Pattern compiled(String pattern, String key) {
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw Problem.failure(
                    where + ": " + key + " '" + pattern + "' is no regular expression: " + e.getDescription(), e);
        }
    }

    private static List<Object> list(@Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        return value instanceof List<?> many
                ? many.stream().map(Object.class::cast).toList()
                : List.of(value);
    }

    private Problem leftOut(String key, String layer) {
        return Problem.failure(where + ": " + key + " is " + Json.compact(config.get(key)) + ", which leaves out "
                + layer + ", yet the file holds that layer: peft would not apply it; take it out of the file, or mend "
                + key);
    }
}
