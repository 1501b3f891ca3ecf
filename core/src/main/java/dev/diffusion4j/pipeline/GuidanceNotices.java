// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.guidance.ClassifierFree;
import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.PromptSyntax;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoublePredicate;
import java.util.stream.IntStream;

/** Notices of guidances that do nothing, or something other than their text suggests. */
final class GuidanceNotices {
    private GuidanceNotices() {}

    /** For a call that nothing pushed. */
    static final String REMEDY =
            "try {dtype} f32, more steps or another {scheduler}, or look whether its weights are finite";

    /**
     * @param channels of a picture
     * @param calls of the network in a run
     * @return a line each
     */
    static List<String> of(List<LossGuidance> steering, ClassifierFree free, int channels, int calls) {
        List<String> lines = new ArrayList<>();
        for (LossGuidance guidance : steering) {
            guidance.loss()
                    .notice(channels)
                    .ifPresent(line -> lines.add("the guidance '" + guidance.name() + "': " + line));
            if (!actsIn(calls, guidance::isActive)) {
                lines.add("the guidance '" + guidance.name() + "' does nothing: "
                        + window(calls, guidance.from(), guidance.to()));
            }
        }
        if (!actsIn(calls, progress -> progress >= free.from() && progress <= free.to())) {
            lines.add("{guidanceInterval} keeps the guidance out of the whole run: "
                    + window(calls, free.from(), free.to()));
        }
        return lines;
    }

    /** What can be tried where a call draws numbers that are not finite. */
    static String remedy(List<LossGuidance> steering, GenerationRequest request) {
        List<String> guides = names(steering, request.guidance());
        String guided = guides.isEmpty()
                ? REMEDY
                : "it was guided by " + String.join(", ", guides)
                        + "; take a smaller scale, or omit the guidance to see whether it is the cause";
        boolean divides = request.subject().promptSyntax() == PromptSyntax.A1111
                && request.subject().prompts() != null
                && request.subject().prompts().stream().anyMatch(prompt -> prompt.matches("(?s).*[(\\[].*"));
        return divides
                ? guided
                        + "; or weigh words of {prompt} less, or with {promptSyntax} comfy: a1111 divides by the mean of a weighted text,"
                        + " which can be near 0"
                : guided;
    }

    /** All that pushes samples, as text. */
    private static List<String> names(List<LossGuidance> steering, ClassifierFree free) {
        List<String> all =
                new ArrayList<>(steering.stream().map(LossGuidance::name).toList());
        if (free.weight() != 1) {
            all.add("{guidanceScale} " + free.weight());
        }
        return all;
    }

    private static boolean actsIn(int calls, DoublePredicate isActive) {
        return IntStream.range(0, calls)
                .mapToDouble(index -> new NetworkCall(0, index, calls, 0).progress())
                .anyMatch(isActive);
    }

    private static String window(int calls, double from, double to) {
        return String.format(
                Locale.ROOT,
                "none of the %d %s lies between %s and %s of the way%s",
                calls,
                calls == 1 ? "step" : "steps",
                from,
                to,
                calls == 1 ? " (it is at 0)" : String.format(Locale.ROOT, " (they are %.3g apart)", 1.0 / (calls - 1)));
    }
}
