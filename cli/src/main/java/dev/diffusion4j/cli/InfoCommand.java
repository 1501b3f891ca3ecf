// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.ModelInfo;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells what a model folder or a file holds. */
@Command(
        name = "info",
        description = "Show what a model folder or a file holds, and check it.",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse info runs/quickstart/model", "  diffuse info pictures/0000.png --json"},
        mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(
            paramLabel = "MODEL|FILE",
            description =
                    "A model folder, the folder of a run, a model of the Hub (org/name), a file of weights (.safetensors, .bin, .pt), a picture that sample wrote, or a config (.json, .yaml).")
    Path path = Path.of(".");

    @Option(names = "--json", description = "Print one JSON object, with plain numbers, instead of text.")
    boolean json;

    @Override
    public Integer call() {
        Map<String, @Nullable Object> info;
        try (HubLine line = new HubLine()) {
            info = ModelInfo.of(path, line);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? Json.pretty(info) : InfoText.of(info));
        out.flush();
        return 0;
    }
}
