// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai.autoconfigure;

import dev.diffusion4j.base.Worded;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;

/** A model or a limit that an application cannot start with, in one line that names the property. */
final class ProblemFailureAnalyzer implements FailureAnalyzer {

    @Override
    public @Nullable FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof Worded worded) {
                return new FailureAnalysis(
                        worded.worded(ProblemFailureAnalyzer::property),
                        "Change it in the application's properties.",
                        cause);
            }
        }
        return null;
    }

    private static String property(String field) {
        return "'diffusion4j." + field.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT) + "'";
    }
}
