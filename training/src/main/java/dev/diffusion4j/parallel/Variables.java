// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Problem;
import java.util.Map;
import java.util.Optional;

/** The variables of an environment, read as numbers; a blank one counts as not set. A value that is wrong is reported with its name. */
record Variables(Map<String, String> all) {
    private static final String ADVICE = "; whatever started this process sets it: unset it to train in one process";

    boolean has(String name) {
        return text(name).isPresent();
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(all.get(name)).map(String::trim).filter(text -> !text.isEmpty());
    }

    /** A whole number in [low, high]; {@code absent} where the variable is not set. */
    int whole(String name, int low, int high, int absent) {
        return text(name).map(text -> parse(name, text, low, high)).orElse(absent);
    }

    /** A whole number in [low, high], without which {@code because} makes no sense. */
    int whole(String name, int low, int high, String because) {
        return parse(name, text(name).orElseThrow(() -> missing(name, because)), low, high);
    }

    int port(int absent) {
        return whole("MASTER_PORT", 1, 65535, absent);
    }

    /** How often all processes were started before. */
    int restarts() {
        return whole("TORCHELASTIC_RESTART_COUNT", 0, Integer.MAX_VALUE, 0);
    }

    private int parse(String name, String text, int low, int high) {
        try {
            int value = Integer.parseInt(text);
            if (value >= low && value <= high) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below, with the numbers that are out of range
        }
        throw senseless(
                name,
                "be a whole number "
                        + (high == Integer.MAX_VALUE ? "of at least " + low : "from " + low + " to " + high));
    }

    /** A variable's value breaks a rule: {@code RANK must be a whole number from 0 to 3, but was '7'}. */
    Problem senseless(String name, String rule) {
        return Problem.request("the environment's " + name + " must " + rule + ", but was '"
                + text(name).orElse("") + "'" + ADVICE);
    }

    /** {@code name} is not set, though {@code because} is. */
    Problem missing(String name, String because) {
        return Problem.request("the environment has " + because + "="
                + text(because).orElse("") + " but no " + name + ": set both, or neither to train in one process");
    }
}
