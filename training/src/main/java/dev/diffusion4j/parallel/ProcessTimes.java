// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.base.Problem;
import java.time.Duration;
import java.util.Map;

/**
 * How long the processes of a training have patience with each other.
 *
 * @param join until all have come
 * @param exchange until one that is there has done its part of an exchange; one that was killed is noticed at once
 */
public record ProcessTimes(Duration join, Duration exchange) {
    /** Seconds, in the environment. */
    public static final String JOIN = "DIFFUSION4J_JOIN_SECONDS";

    /** Seconds, in the environment. */
    public static final String EXCHANGE = "DIFFUSION4J_EXCHANGE_SECONDS";

    /** Five minutes, and half an hour as PyTorch has it: the first process writes models and tells trackers while the others wait. */
    public static final ProcessTimes DEFAULT = new ProcessTimes(Duration.ofMinutes(5), Duration.ofMinutes(30));

    /**
     * As an environment says.
     *
     * @throws Problem (a wrong request) where a variable is no whole number of seconds above 0
     */
    public static ProcessTimes of(Map<String, String> environment) {
        return new ProcessTimes(
                seconds(environment, JOIN, DEFAULT.join), seconds(environment, EXCHANGE, DEFAULT.exchange));
    }

    private static Duration seconds(Map<String, String> environment, String name, Duration otherwise) {
        String text = environment.get(name);
        if (text == null || text.isBlank()) {
            return otherwise;
        }
        if (!text.strip().matches("[1-9]\\d{0,6}")) {
            throw Problem.request(name + " must be a whole number of seconds above 0, but was '" + text + "'");
        }
        return Duration.ofSeconds(Long.parseLong(text.strip()));
    }
}
