// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Names of tensors: all below a part of a dotted name, or a regular expression. */
final class NamePattern {
    private static final Pattern SIGNS = Pattern.compile("[\\\\*+?\\[\\](){}|^$]");

    private NamePattern() {}

    /** @throws IllegalArgumentException where it is no regular expression */
    static Pattern of(String text) {
        if (!SIGNS.matcher(text).find()) {
            return Pattern.compile("(.*\\.)?" + Pattern.quote(text) + "(\\..*)?");
        }
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "freeze: '" + text + "' is no regular expression: " + e.getDescription(), e);
        }
    }
}
