// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraFile;
import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubContents;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** Where a LoRA is: a file or folder on this machine, or a repository of the Hub, as {@link PipelinePlace} has it for whole models. */
public final class LoraPlace {
    /** The file beside a LoRA's with a word that was learnt with it, by the name under which diffusers looks for it. */
    public static final String WORD = "learned_embeds.safetensors";

    private LoraPlace() {}

    /**
     * The file with the weights; fetched first where it is on the Hub.
     *
     * @throws Problem where there is none
     */
    public static Path file(Path place, HubProgress progress) {
        return LoraFile.find(PipelinePlace.repository(place)
                .map(repo -> fetch(repo, progress))
                .orElse(place));
    }

    /**
     * The file with a word that was learnt with a LoRA, where its folder holds one; fetched first where it is on the Hub. Whoever names the LoRA's
     * file itself means that alone.
     */
    public static Optional<Path> word(Path place, HubProgress progress) {
        if (Files.isRegularFile(place)) {
            return Optional.empty();
        }
        return Optional.of(file(place, progress).resolveSibling(WORD)).filter(Files::isRegularFile);
    }

    /** The same choice, but of the commit that a Hub's repository has now, so that it can be made again later; fetches it. */
    public static LoraChoice pinned(LoraChoice choice, HubProgress progress) {
        Optional<HubRepo> repo = PipelinePlace.repository(choice.path());
        return repo.map(present -> {
                    String commit = String.valueOf(fetch(present, progress).getFileName());
                    return choice.at(Path.of(present.at(commit).toString()));
                })
                .orElse(choice);
    }

    private static Path fetch(HubRepo repo, HubProgress progress) {
        HubClient hub = new HubClient(HubSettings.fromEnvironment(), progress);
        return fetch(hub.contents(repo), hub);
    }

    /** The commit's folder in the cache, with the first file that is a LoRA's, and a word's. */
    static Path fetch(HubContents there, HubClient hub) {
        String weights = LoraFile.FILES.stream().filter(there::has).findFirst().orElseThrow(() -> none(there, hub));
        return hub.fetch(there, Set.of(weights, LoraFolder.CONFIG, WORD)::contains);
    }

    /** Whether a repository holds a LoRA; a whole model may lie beside it. */
    static boolean isLora(HubContents there) {
        return there.has(LoraFolder.CONFIG) || there.hasAny(LoraFile.FILES::contains);
    }

    private static Problem none(HubContents there, HubClient hub) {
        if (PipelinePlace.isPipeline(there)) {
            return Problem.failure(there.asked() + " is a model, not a LoRA: give it as {model}");
        }
        return there.isWhole()
                ? Problem.failure(there.asked() + " on the Hub holds no LoRA: it has none of "
                        + String.join(", ", LoraFile.FILES))
                : hub.unknown(there, "the LoRA");
    }
}
