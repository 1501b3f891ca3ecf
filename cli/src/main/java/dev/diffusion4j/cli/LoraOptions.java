// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Which adapters are put into the network. */
final class LoraOptions {
    @Option(
            names = "--lora",
            paramLabel = "PATH[:SCALE]",
            description =
                    "Add a LoRA to the network: a file or folder of peft, diffusers or kohya, a run's folder, or organisation/name on the Hub; 1 as it was "
                            + "trained. Several are added up by repeating it; the same one only once.")
    List<String> loras = new ArrayList<>();

    /**
     * @throws IllegalArgumentException where a scale is no number
     * @throws Problem where a file is not there, or is named twice
     */
    List<LoraChoice> choices() {
        List<LoraChoice> choices;
        try (HubLine line = new HubLine()) {
            choices = loras.stream()
                    .map(text -> LoraPlace.pinned(LoraChoice.parse(text), line))
                    .toList();
        }
        Map<Path, LoraChoice> files = new HashMap<>();
        for (LoraChoice choice : choices) {
            LoraChoice before = files.put(file(choice), choice);
            if (before != null) {
                throw Problem.request("--lora names " + file(choice) + " twice: add up the scales, --lora "
                        + choice.path() + ":" + (before.scale() + choice.scale()));
            }
        }
        return choices;
    }

    /** Says how much of each adapter's file counts. */
    static void report(List<LoraApplied> adapters, PrintWriter err) {
        adapters.forEach(applied -> err.println(applied.text()));
    }

    /** The file with the weights, by whatever name. */
    private static Path file(LoraChoice choice) {
        Path file = LoraPlace.file(choice.path(), HubProgress.SILENT);
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file.toAbsolutePath().normalize();
        }
    }
}
