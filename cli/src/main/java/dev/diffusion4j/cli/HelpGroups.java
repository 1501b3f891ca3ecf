// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.lang.reflect.Member;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Layout;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Help that groups options, and commands, by what they are used for. */
final class HelpGroups {
    private static final String OTHER = "Options";

    /** In the order of the help; an option in none of them stands under {@value #OTHER}, or where its class belongs. */
    private static final Map<String, List<String>> OPTIONS = new LinkedHashMap<>();

    private static final Map<Class<?>, String> OF_CLASS = Map.of(
            UnconditionalData.class,
            "Data",
            UnconditionalLearning.class,
            "Learning",
            UnconditionalRhythm.class,
            "While it trains",
            QualityOptions.class,
            "What is measured");

    private static final Map<String, List<String>> COMMANDS = new LinkedHashMap<>();

    static {
        put(
                OPTIONS,
                "Model and result",
                "--model",
                "--folder",
                "--models-dir",
                "--from",
                "--start_model",
                "--images",
                "--variant",
                "--lora",
                "--config",
                "--embedding",
                "--vae",
                "--refiner",
                "--low-memory",
                "--out");
        put(
                OPTIONS,
                "Model and result",
                "--output_dir",
                "--overwrite_output_dir",
                "--model_save_name",
                "--gif",
                "--json");
        put(OPTIONS, "Run", "--resume", "--resume_from_checkpoint", "--preset", "--set", "--allow-drift", "--plan");
        put(OPTIONS, "Data", "--data", "--dataset_name", "--image-column", "--caption-column", "--label-column");
        put(OPTIONS, "Data", "--data-size", "--data-fit", "--data-limit");
        put(
                OPTIONS,
                "What to draw",
                "--class",
                "--prompt",
                "--prompts-file",
                "--negative-prompt",
                "--prompt-2",
                "--negative-prompt-2",
                "--count",
                "--seed",
                "--to-seed",
                "--size",
                "--noise",
                "--noise-dtype",
                "--rng");
        put(OPTIONS, "What to draw", "--clip-skip", "--prompt-syntax", "--lora-dir", "--image", "--strength", "--mask");
        put(OPTIONS, "What to draw", "--mask-padding", "--control", "--guess-mode");
        put(OPTIONS, "How to draw", "--scheduler", "--scheduler-option", "--steps", "--eta");
        put(OPTIONS, "Guidance", "--guidance-scale", "--guidance-w", "--negative-class", "--guidance-rescale");
        put(
                OPTIONS,
                "Guidance",
                "--image-guidance-scale",
                "--guidance-interval",
                "--sweep-scale",
                "--sweep-w",
                "--guide",
                "--clip-model");
        put(OPTIONS, "Guidance", "--clip-activation");
        put(OPTIONS, "Also written", "--grid", "--film", "--trace", "--save-tensors");
        put(OPTIONS, "What is measured", "--clip-text", "--at-least");
        put(OPTIONS, "Learning");
        put(OPTIONS, "While it trains", "--log_samples_every", "--save_model_every", "--wandb_project");
        put(
                OPTIONS,
                "Where it listens, and for whom",
                "--host",
                "--port",
                "--public-url",
                "--no-open",
                "--api-key-file",
                "--insecure",
                "--alias",
                "--cors");
        put(OPTIONS, "Limits", "--queue", "--memory", "--threads", "--timeout", "--max-pixels", "--max-steps");
        put(OPTIONS, "Limits", "--max-count", "--max-requests");
        put(OPTIONS, OTHER);
        put(OPTIONS, "Machine", "--device", "--dtype", "--batch");
        put(OPTIONS, "Publishing", "--push-to-hub", "--hub-model-id", "--hub-private-repo", "--hub-token");
        put(OPTIONS, "Help", "--help", "--version", "--verbose");

        put(COMMANDS, "First steps", "quickstart", "studio", "recipes", "doctor");
        put(COMMANDS, "Draw", "sample", "plot");
        put(COMMANDS, "Train", "train", "finetune", "train-unconditional", "launch", "data");
        put(COMMANDS, "Judge", "eval", "compare");
        put(COMMANDS, "Serve", "serve", "demo");
        put(COMMANDS, "Files and the Hub", "info", "convert", "hub");
        put(COMMANDS, "Shell", "completion");
    }

    private HelpGroups() {}

    private static void put(Map<String, List<String>> groups, String heading, String... names) {
        groups.computeIfAbsent(heading, key -> new ArrayList<>()).addAll(Arrays.asList(names));
    }

    /** Has {@code line} and all commands in it print their help so. */
    static void install(CommandLine line) {
        line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, HelpGroups::options);
        if (line.getParent() == null) {
            line.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, HelpGroups::commands);
        }
        line.getSubcommands().values().forEach(HelpGroups::install);
    }

    private static String options(Help help) {
        List<OptionSpec> shown = help.commandSpec().options().stream()
                .filter(option -> !option.hidden())
                .toList();
        StringBuilder text = new StringBuilder();
        OPTIONS.forEach((heading, order) -> {
            List<OptionSpec> options = shown.stream()
                    .filter(option -> headingOf(option).equals(heading))
                    .sorted(Comparator.comparingInt(option -> place(option, order)))
                    .toList();
            if (!options.isEmpty()) {
                Layout layout = help.createDefaultLayout(
                        help.commandSpec().options(), help.commandSpec().positionalParameters(), help.colorScheme());
                layout.addOptions(options, help.createDefaultParamLabelRenderer());
                text.append(String.format("%n%s:%n", heading)).append(layout);
            }
        });
        return text.toString();
    }

    private static int place(OptionSpec option, List<String> order) {
        return Arrays.stream(option.names())
                .mapToInt(order::indexOf)
                .filter(index -> index >= 0)
                .findFirst()
                .orElse(order.size());
    }

    private static String headingOf(OptionSpec option) {
        for (Map.Entry<String, List<String>> group : OPTIONS.entrySet()) {
            if (Arrays.stream(option.names()).anyMatch(group.getValue()::contains)) {
                return group.getKey();
            }
        }
        return option.userObject() instanceof Member member
                ? OF_CLASS.getOrDefault(member.getDeclaringClass(), OTHER)
                : OTHER;
    }

    private static String commands(Help help) {
        StringBuilder text = new StringBuilder();
        COMMANDS.forEach((heading, names) -> {
            Map<String, Help> some = new LinkedHashMap<>();
            help.subcommands().forEach((name, command) -> {
                if (names.contains(name)) {
                    some.put(name, command);
                }
            });
            text.append(String.format("%n%s:%n", heading)).append(help.commandList(some));
        });
        return text.toString();
    }
}
