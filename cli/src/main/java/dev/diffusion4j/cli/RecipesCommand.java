// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.recipe.RecipeDocument;
import dev.diffusion4j.recipe.RecipeTimes;
import dev.diffusion4j.recipe.Recipes;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists the recipes, or prints one. */
@Command(
        name = "recipes",
        description = "List the recipes with what they cost on this machine, or print one.",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse recipes", "  diffuse recipes quickstart > mine.yaml"},
        mixinStandardHelpOptions = true)
final class RecipesCommand implements Callable<Integer> {
    private static final int WIDTH = 100;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "NAME",
            arity = "0..1",
            completionCandidates = Choices.RecipeNames.class,
            description = "Print this recipe: a YAML file to begin your own with.")
    @Nullable
    String name;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (name != null) {
            out.print(json ? Json.pretty(withPresets(name)) : text(name));
        } else if (json) {
            List<Object> all = new ArrayList<>();
            Recipes.BUILT_IN.forEach(each -> all.add(withPresets(each)));
            out.print(Json.pretty(all));
        } else {
            list(out);
        }
        out.flush();
        return 0;
    }

    /** First what a newcomer can wait for. */
    private static void list(PrintWriter out) {
        double gflops = SpeedProbe.current().best();
        section(out, "FIRST STEPS, minutes each", gflops, name -> RecipeTimes.isFirstStep(name)
                .orElse(false));
        section(
                out,
                "LONG JOBS; a preset is shorter: diffuse train NAME --preset quick",
                gflops,
                name -> !RecipeTimes.isFirstStep(name).orElse(true));
        section(out, "AS LONG AS YOUR NETWORK AND DATA TAKE", gflops, name -> RecipeTimes.isFirstStep(name)
                .isEmpty());
        out.printf(
                Locale.ROOT,
                "'here' is an estimate from one measurement of this machine (%.0f GFLOP/s); 'diffuse doctor' measures again, 'diffuse train' tries a step.%n",
                gflops);
    }

    private static void section(PrintWriter out, String heading, double gflops, Predicate<String> belongs) {
        out.println(heading);
        for (String each : Recipes.BUILT_IN) {
            if (belongs.test(each)) {
                RecipeDocument.About recipe = Recipes.find(each).about();
                print(out, each, recipe.summary());
                print(out, "", "  from: " + recipe.source());
                recipe.figures().forEach(figure -> print(out, "", "  " + figure));
                print(out, "", "  cost: " + (recipe.cost().isBlank() ? "not measured" : recipe.cost()));
                here(gflops, each).ifPresent(line -> print(out, "", "  here: " + line));
            }
        }
        out.println();
    }

    /** The estimates of the whole recipe and of its presets. */
    private static Optional<String> here(double gflops, String name) {
        List<String> parts = new ArrayList<>();
        RecipeTimes.on(gflops, name, null).ifPresent(range -> parts.add(text(range)));
        for (String preset : Recipes.find(name).presets().keySet()) {
            parts.add("preset " + preset
                    + RecipeTimes.on(gflops, name, preset)
                            .map(range -> " " + text(range))
                            .orElse(""));
        }
        return parts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", parts));
    }

    private static String text(RecipeTimes.Range range) {
        String low = Times.rough(range.low());
        String high = Times.rough(range.high());
        return low.equals(high) ? "about " + low : low + " to " + high;
    }

    private static Map<String, @Nullable Object> withPresets(String name) {
        RecipeDocument document = Recipes.find(name);
        Map<String, @Nullable Object> all = document.toMap();
        if (!document.presets().isEmpty()) {
            all.put("presets", document.presets());
        }
        return all;
    }

    /** A word and a text beside it, which goes on below itself where it is too long. */
    private static void print(PrintWriter out, String head, String text) {
        int indent = text.length() - text.stripLeading().length();
        StringBuilder line = new StringBuilder(String.format("%-26s ", head)).append(" ".repeat(indent));
        int begin = line.length();
        for (String word : text.strip().split(" ")) {
            if (line.length() > begin && line.length() + 1 + word.length() > WIDTH) {
                out.println(line);
                line = new StringBuilder(" ".repeat(begin + (indent > 0 ? 2 : 0)));
                begin = line.length();
            }
            line.append(line.length() > begin ? " " : "").append(word);
        }
        out.println(line);
    }

    /** With its comments where it is built in. */
    private static String text(String name) {
        if (Recipes.BUILT_IN.contains(name)) {
            return Recipes.text(name);
        }
        if (name.isBlank()) {
            throw Problem.request("which recipe?");
        }
        return Yaml.write(withPresets(name));
    }
}
