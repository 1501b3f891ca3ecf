// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.NoiseSchedule;
import java.util.List;

/**
 * A schedule of β by its text: {@code linear}, {@code linear:0.001-0.004}, {@code squaredcos_cap_v2}.
 *
 * @param text as it was given, for legends
 * @param kind how β grows
 * @param start of β
 * @param end of β
 */
public record ScheduleSpec(String text, BetaSchedule kind, double start, double end) {
    /** What the lessons show: the usual one, one with too little noise, and the cosine. */
    public static final List<String> USUAL = List.of("linear:0.0001-0.02", "linear:0.001-0.004", "squaredcos_cap_v2");

    private static final double START = 1e-4;
    private static final double END = 0.02;

    /** @throws Problem (a wrong request) where it is not of this form */
    public static ScheduleSpec parse(String text) {
        String[] parts = text.split(":", 2);
        BetaSchedule kind = Keyed.fromKey(BetaSchedule.class, parts[0], "schedule");
        if (parts.length == 1) {
            return new ScheduleSpec(text, kind, START, END);
        }
        String[] ends = parts[1].split("-(?=[0-9.])(?<![eE]-)", 2);
        try {
            if (ends.length == 2) {
                double start = Double.parseDouble(ends[0]);
                double end = Double.parseDouble(ends[1]);
                if (start > 0 && start < 1 && end > 0 && end < 1) {
                    return new ScheduleSpec(text, kind, start, end);
                }
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw Problem.request(
                "a schedule must be NAME or NAME:START-END with betas between 0 and 1, linear:0.001-0.004 for example, but"
                        + " was '" + text + "'");
    }

    /** Over so many timesteps. */
    public NoiseSchedule over(int timesteps) {
        return NoiseSchedule.ofBetas(kind.betas(timesteps, start, end));
    }
}
