// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.form;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which numbers a record takes. Only its constructor knows that, by the checks of {@link Check}: so it is given numbers that are far too
 * small and far too large, and its answers are read.
 *
 * @param least allowed; {@code null} where none is known
 * @param most allowed; {@code null} where none is known
 * @param allowed the rule in the record's own words; empty for none
 */
record FieldLimits(@Nullable Double least, @Nullable Double most, String allowed) {
    static final FieldLimits NONE = new FieldLimits(null, null, "");

    private static final long FAR = 2_000_000_000L;
    private static final Pattern AT_LEAST = Pattern.compile("must be (?:a finite number )?(>=?) (-?[\\d.]+)");
    private static final Pattern BETWEEN = Pattern.compile("must lie in [\\[(](-?[\\d.E-]+), (-?[\\d.E-]+)[])]");

    static FieldLimits of(Record record, String key, boolean isWhole) {
        String allowed = rule(record, key, isWhole ? (Object) (-FAR) : (Object) (-1e300))
                .or(() -> rule(record, key, isWhole ? (Object) FAR : (Object) 1e300))
                .orElse("");
        Matcher least = AT_LEAST.matcher(allowed);
        if (least.find()) {
            double bound = Double.parseDouble(least.group(2));
            return new FieldLimits(isWhole && least.group(1).equals(">") ? bound + 1 : bound, null, allowed);
        }
        Matcher between = BETWEEN.matcher(allowed);
        return between.find()
                ? new FieldLimits(Double.valueOf(between.group(1)), Double.valueOf(between.group(2)), allowed)
                : new FieldLimits(null, null, allowed);
    }

    private static Optional<String> rule(Record record, String key, Object value) {
        try {
            Records.with(record, key, value);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            Matcher rule =
                    Pattern.compile("\\b" + key + " (must .+?), but was").matcher(String.valueOf(e.getMessage()));
            return rule.find() ? Optional.of(rule.group(1)) : Optional.empty();
        }
    }
}
