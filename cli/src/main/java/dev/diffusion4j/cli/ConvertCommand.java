// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraConversion;
import dev.diffusion4j.adapter.LoraLayout;
import dev.diffusion4j.base.FieldNames;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.single.Conversion;
import dev.diffusion4j.json.Yaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns a single file into a folder, and back; and a LoRA into one of other names. */
@Command(
        name = "convert",
        description =
                "Turn a Stable Diffusion of one file (1, 2, XL or its refiner, in the original layout) into a folder in the form of diffusers, or"
                        + " such a folder into one file. What a file is follows from what is in it, not from its name.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse convert model.safetensors --out models/mine",
            "  diffuse convert old.ckpt --out small.safetensors --dtype fp16",
            "  diffuse convert models/mine --out mine.safetensors",
            "  diffuse convert runs/zog --to kohya --out zog.safetensors"
        },
        mixinStandardHelpOptions = true)
final class ConvertCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "FILE|FOLDER",
            description =
                    "A file (.safetensors, .ckpt; a pickle's program is never run), or a folder with model_index.json.")
    Path from = Path.of(".");

    @Option(
            names = "--out",
            paramLabel = "FOLDER|FILE",
            required = true,
            description = "A new folder, or a file that ends in .safetensors.")
    Path out = Path.of(".");

    @Option(
            names = "--dtype",
            paramLabel = "NAME",
            description = "Write floating-point weights so: ${COMPLETION-CANDIDATES}. Default: each as it is.",
            completionCandidates = Choices.WeightFormats.class)
    @Nullable
    String dtype;

    @Option(
            names = "--config",
            paramLabel = "FOLDER",
            description =
                    "A folder in the form of diffusers for what the file does not say: its configs and tokenizers count, and its weights"
                            + " where the file lacks a part. Without one the configs are those that diffusers takes from the Hub, and CLIP's"
                            + " vocabulary (vocab.json and merges.txt) must lie beside the file.")
    @Nullable
    Path config;

    @Option(
            names = "--scheduler-option",
            paramLabel = "KEY=VALUE",
            description = "Change a setting of the scheduler: prediction_type=epsilon, …")
    List<String> schedulerOptions = new ArrayList<>();

    @Option(
            names = "--to",
            paramLabel = "NAMES",
            description =
                    "For a LoRA (a file, a folder or a run): write it under the names of ${COMPLETION-CANDIDATES}; kohya's are what most other"
                            + " programs read.",
            completionCandidates = Choices.LoraLayouts.class)
    @Nullable
    String to;

    @Override
    public Integer call() {
        if (to != null) {
            return convertLora(Keyed.fromKey(LoraLayout.class, to, "--to"));
        }
        WeightFormat format = dtype == null ? null : Keyed.fromKey(WeightFormat.class, dtype, "{precision}");
        List<String> notes = new Conversion(from, out, format == null ? null : format.dtype(), config, options()).run();
        FieldNames flags = new FlagNames(spec);
        notes.forEach(note -> spec.commandLine().getErr().println(flags.word(note)));
        spec.commandLine().getOut().println("wrote " + out);
        return 0;
    }

    private int convertLora(LoraLayout layout) {
        UnusedOptions.refuse(
                spec, Set.of("--to", "--out"), "--to writes a LoRA as it is", "omit --to and convert a whole model");
        new LoraConversion(from, out, layout).run();
        spec.commandLine().getOut().println("wrote " + out);
        return 0;
    }

    private Map<String, @Nullable Object> options() {
        Map<String, @Nullable Object> options = new LinkedHashMap<>();
        for (String text : schedulerOptions) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw Problem.request("--scheduler-option must be key=value, such as prediction_type=epsilon, but was '"
                        + text + "'");
            }
            options.put(text.substring(0, equals).trim(), Yaml.parse(text.substring(equals + 1), "--scheduler-option"));
        }
        return options;
    }
}
