// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.FieldNames;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * Names the library's fields as the flags of one command: {@code guidanceScale} is {@code --guidance-scale} where the command has
 * that flag, and a key of a recipe is {@code --set training.max_steps} where it has {@code --set}. Braces that were typed, in the name of a
 * folder for example, stay as they are.
 */
final class FlagNames implements FieldNames {
    /** Fields whose flag is not the same words in another spelling. */
    private static final Map<String, String> FLAGS = Map.ofEntries(
            Map.entry("classes", "--class"),
            Map.entry("classLabels", "--class"),
            Map.entry("prompts", "--prompt"),
            Map.entry("batchSize", "--batch"),
            Map.entry("numInferenceSteps", "--steps"),
            Map.entry("sampleSize", "--size"),
            Map.entry("precision", "--dtype"),
            Map.entry("keeping", "--low-memory"),
            Map.entry("loras", "--lora"),
            Map.entry("adapters", "--lora"),
            Map.entry("guides", "--guide"),
            Map.entry("schedulerOptions", "--scheduler-option"),
            Map.entry("noiseMode", "--noise"),
            Map.entry("picture", "--image"),
            Map.entry("processes", "--nproc"),
            Map.entry("folders", "--folder"),
            Map.entry("folder", "--out"));

    private final Set<String> known;
    private final List<String> typed;

    FlagNames(CommandSpec command) {
        known = command.optionsMap().keySet();
        ParseResult parsed = command.commandLine().getParseResult();
        typed = parsed == null ? List.of() : parsed.originalArgs();
    }

    @Override
    public String of(String field) {
        String marked = "{" + field + "}";
        if (typed.stream().anyMatch(word -> word.contains(marked))) {
            return marked;
        }
        if (field.indexOf('.') > 0) {
            return known.contains("--set") ? "--set " + field : field;
        }
        String flag = FLAGS.getOrDefault(field, kebab(field));
        return known.contains(flag) ? flag : field;
    }

    private static String kebab(String field) {
        return "--" + field.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
