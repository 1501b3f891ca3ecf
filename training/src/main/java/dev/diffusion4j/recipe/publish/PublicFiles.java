// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a folder are published: of a run its model or LoRA, recipe and curve, of any other folder all; hidden files stay,
 * and so does the state of an optimiser unless it is asked for.
 *
 * @param byName by their paths in the repository
 * @param leavesState whether there is a training state that is not published
 * @param gitIgnore the folder's .gitignore, whose files are not published either; {@code null} for none
 */
record PublicFiles(Map<String, Path> byName, boolean leavesState, @Nullable Path gitIgnore) {
    private static final String CHECKPOINTS = "checkpoints";
    /** Marks the folder of a training state of ours. */
    private static final String STATE = "optimizer.safetensors";
    /** How others name it. */
    private static final String OTHER_STATE =
            "(optimizer|scheduler|scaler)\\.(pt|bin|pth)|random_states.*|training_args\\.bin";

    /** Of a run: what others have a use for. */
    private static final List<String> OF_A_RUN = List.of("recipe.yaml", "loss.png");

    /**
     * @param isWhole whether the state of the optimiser goes too
     * @throws Problem (a failure) where the folder is not there, holds nothing to publish, is a run that is not finished, or holds a
     *     link to somewhere else
     */
    static PublicFiles of(Path folder, boolean isWhole) {
        if (!Files.isDirectory(folder)) {
            throw Problem.failure("there is no folder " + folder);
        }
        try {
            Path whole = folder.toRealPath();
            Path root = content(whole, folder, isWhole);
            Collector collector = new Collector(root, isWhole);
            collector.add(root, "");
            if (!root.equals(whole)) {
                for (String name : OF_A_RUN) {
                    if (Files.isRegularFile(whole.resolve(name))) {
                        collector.files.putIfAbsent(name, whole.resolve(name));
                    }
                }
                if (isWhole && Files.isDirectory(whole.resolve(CHECKPOINTS))) {
                    collector.add(whole.resolve(CHECKPOINTS), CHECKPOINTS + "/");
                }
            }
            boolean leaves = collector.leavesState || (!isWhole && Files.isDirectory(whole.resolve(CHECKPOINTS)));
            if (collector.files.isEmpty()) {
                throw Problem.failure(
                        leaves
                                ? folder
                                        + " holds the state of a training and nothing else: {withCheckpoints} publishes it"
                                : folder + " holds no files to publish");
            }
            Path gitIgnore = root.resolve(".gitignore");
            return new PublicFiles(collector.files, leaves, Files.isRegularFile(gitIgnore) ? gitIgnore : null);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    /** The model or the LoRA of a run; else the folder itself. */
    private static Path content(Path folder, Path named, boolean isWhole) {
        RunFolder run = new RunFolder(folder);
        if (!Files.exists(run.recipe())) {
            return folder;
        }
        if (run.hasLora()) {
            return run.lora();
        }
        if (Files.exists(run.model().resolve("model_index.json"))) {
            return run.model();
        }
        if (Files.exists(run.checkpoints()) && !Files.exists(folder.resolve("model_index.json")) && !isWhole) {
            throw Problem.failure(named
                    + " is a run that is not finished, so there is no model in it: resume the run, or publish it as it"
                    + " is with {withCheckpoints}");
        }
        return folder;
    }

    /** Walks folders. */
    private static final class Collector {
        final Map<String, Path> files = new TreeMap<>();
        boolean leavesState;
        private final Path root;
        private final boolean isWhole;
        private final Set<Path> states = new HashSet<>();

        Collector(Path root, boolean isWhole) {
            this.root = root;
            this.isWhole = isWhole;
        }

        void add(Path folder, String prefix) throws IOException {
            try (Stream<Path> all = Files.walk(folder)) { // a folder comes before what is in it
                for (Path file : (Iterable<Path>) all::iterator) {
                    Path name = folder.relativize(file);
                    if (isHidden(name)) {
                        continue;
                    }
                    if (Files.isSymbolicLink(file)) {
                        check(file);
                    }
                    if (!isWhole && isState(file, name)) {
                        leavesState = true;
                    } else if (Files.isRegularFile(file)) {
                        files.put(prefix + name.toString().replace('\\', '/'), file);
                    }
                }
            }
        }

        private boolean isState(Path file, Path name) {
            if (Files.isDirectory(file)) {
                boolean isMarked = Files.exists(file.resolve(STATE)) || name.endsWith(CHECKPOINTS);
                if (isMarked || states.contains(file.getParent())) {
                    states.add(file);
                    return true;
                }
                return false;
            }
            return states.contains(file.getParent())
                    || String.valueOf(file.getFileName()).matches(OTHER_STATE);
        }

        /** In the Hub's cache all files are links, to its blobs. */
        private void check(Path link) throws IOException {
            Path target = Files.exists(link) ? link.toRealPath() : null;
            Path above = root.getParent();
            boolean isOfCache = target != null
                    && above != null
                    && above.endsWith("snapshots")
                    && target.startsWith(above.resolveSibling("blobs"));
            if (target == null || Files.isDirectory(target) || !(target.startsWith(root) || isOfCache)) {
                throw Problem.failure(link + " is a link to " + Files.readSymbolicLink(link)
                        + ", which is not a file of this folder: put the file itself there, or remove the link");
            }
        }

        private static boolean isHidden(Path name) {
            for (Path part : name) {
                if (part.toString().startsWith(".")) {
                    return true;
                }
            }
            return false;
        }
    }
}
