// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.adapter.LoraChoice;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which adapters are put into the network. */
final class LoraOptions {
    @Option(
            names = "--lora",
            paramLabel = "PATH[:SCALE]",
            description =
                    "Add a LoRA to the network: a file or folder of peft, diffusers or kohya, or a run's folder; 1 as it was "
                            + "trained. Several are added up by repeating it.")
    List<String> loras = new ArrayList<>();

    /** @throws IllegalArgumentException where a scale is no number */
    List<LoraChoice> choices() {
        return loras.stream().map(LoraChoice::parse).toList();
    }
}
