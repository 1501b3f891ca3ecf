// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.hub.HubProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The hash of a network's weights, and of the adapters in it, computed beside the sampling, once. */
public final class WeightsHash implements Supplier<String> {
    private final Path folder;
    private final List<LoraChoice> loras;
    private @Nullable CompletableFuture<String> hash;

    WeightsHash(Path folder) {
        this(folder, List.of());
    }

    /**
     * @param folder of the weights, or a single file of them
     * @param loras adapters that count besides
     */
    public WeightsHash(Path folder, List<LoraChoice> loras) {
        this(folder, loras, CompletableFuture.supplyAsync(() -> compute(folder, loras)));
    }

    private WeightsHash(Path folder, List<LoraChoice> loras, @Nullable CompletableFuture<String> hash) {
        this.folder = folder;
        this.loras = loras;
        this.hash = hash;
    }

    /** That of the same network with these adapters, computed when it is asked for; {@code known} itself where it is not one of files. */
    public static Supplier<String> of(Supplier<String> known, List<LoraChoice> loras) {
        return known instanceof WeightsHash files ? new WeightsHash(files.folder, loras, null) : known;
    }

    private static String compute(Path folder, List<LoraChoice> loras) {
        try {
            StringBuilder all = new StringBuilder();
            for (Path file : Files.isRegularFile(folder) ? List.of(folder) : WeightFiles.files(folder)) {
                all.append(Hashes.sha256(file));
            }
            for (LoraChoice choice : loras) {
                all.append(Hashes.sha256(LoraPlace.file(choice.path(), HubProgress.SILENT)))
                        .append(choice.scale());
                if (choice.textScale() != choice.scale()) {
                    all.append(choice.textScale());
                }
            }
            return all.length() == 64 ? all.toString() : Hashes.sha256(all.toString());
        } catch (IOException e) {
            throw Problem.failure(
                    "cannot read the weights in " + folder + " for their hash: " + AtomicFile.reason(e), e);
        }
    }

    /** @throws Problem (a failure) where a file cannot be read */
    @Override
    public synchronized String get() {
        if (hash == null) {
            hash = CompletableFuture.completedFuture(compute(folder, loras));
        }
        try {
            return hash.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Problem problem ? problem : e;
        }
    }
}
