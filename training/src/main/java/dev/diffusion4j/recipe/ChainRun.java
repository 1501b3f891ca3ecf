// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.parallel.ProcessGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Chain} being run in one folder: {@code chain.yaml}, a run for each stage in a folder of its name, and at the end the model of its
 * result. It can be stopped at any instant, a kill included, and resumed: each stage ends the same to the last byte.
 */
public final class ChainRun {
    private static final String FILE = "chain.yaml";
    private static final RunListener SILENT = new RunListener() {};

    private final Chain chain;
    private final Path folder;
    private final boolean allowDrift;
    private final RunParts parts;

    private ChainRun(Chain chain, Path folder, boolean allowDrift, RunParts parts) {
        this.parts = parts;
        this.chain = chain;
        this.folder = folder.toAbsolutePath().normalize();
        this.allowDrift = allowDrift;
    }

    /** Whether the folder is that of a chain. */
    public static boolean isIn(Path folder) {
        return Files.exists(folder.resolve(FILE));
    }

    /**
     * A new run. What a stage needs of an earlier one can only be looked at when that is done; all else is looked at now.
     *
     * @throws Problem (a wrong request) where the folder holds another run, a stage's data does not suit it, or several processes cannot
     *     divide it
     */
    public static ChainRun start(Chain chain, Path folder) {
        return start(chain, folder, RunParts.NONE);
    }

    /** {@link #start(Chain, Path)} with what goes to each stage; several processes must see the same folder. */
    public static ChainRun start(Chain chain, Path folder, RunParts parts) {
        ProcessGroup group = parts.group();
        Agreement.ofTask(group, Agreement.Task.START_CHAIN);
        ChainRun run = new ChainRun(chain, folder, false, parts);
        run.checkDivisible();
        boolean goesOn = group.any(group.isRestarted()) && group.isForFirst(isIn(folder));
        group.first(() -> {
            if (!goesOn) {
                claim(chain, folder);
            } else if (!difference(chain, folder).isEmpty()) {
                throw taken(chain, folder);
            }
        });
        return run;
    }

    /** Now, and not after the hours that the stages before it may take; one that is done is only looked at. */
    private void checkDivisible() {
        ProcessGroup group = parts.group();
        chain.stages().forEach((stage, recipe) -> {
            if (group.isShared()
                    && recipe.model().kind().equals(ModelKind.CLIP.key())
                    && !group.isForFirst(new RunFolder(stageFolder(stage)).isFinished())) {
                throw Problem.request(
                        "the part " + stage + " of " + chain.name() + " is a CLIP, which compares the pictures"
                                + " of a batch with each other and so cannot be divided among "
                                + group.world().size() + " processes: train " + chain.name() + " in one process");
            }
        });
    }

    private static void claim(Chain chain, Path folder) {
        if (isIn(folder)) {
            throw taken(chain, folder);
        }
        if (Files.exists(new RunFolder(folder).recipe())) {
            throw Problem.request(folder + " already holds a run of one recipe: choose another {out}");
        }
        ChainRun run = new ChainRun(chain, folder, false, RunParts.NONE);
        for (String stage : chain.stages().keySet()) {
            if (!chain.isOnEarlier(stage)) {
                TrainingRun.checkStartOrResume(chain.inFolder(stage, run.folder), run.stageFolder(stage));
            }
        }
        AtomicFile.write(folder.resolve(FILE), Yaml.write(chain.toMap()));
    }

    private static Problem taken(Chain chain, Path folder) {
        return Problem.request(folder + " already holds a run" + difference(chain, folder)
                + ": go on with it by {resume} " + folder + ", or choose another {out}");
    }

    private static String difference(Chain chain, Path folder) {
        Map<String, @Nullable Object> there = Yaml.readObject(folder.resolve(FILE));
        Optional<String> first = RecipeDifference.first(there, Yaml.parseObject(Yaml.write(chain.toMap()), "chain"));
        return first.map(which -> " of another recipe (" + which + ")").orElse("");
    }

    /**
     * Goes on with a run, wherever it was stopped.
     *
     * @param allowDrift go on even where this machine gives other last bits than the one before, or the data changed
     * @throws Problem (a wrong request) where there is none, or several processes cannot divide a stage that is left
     */
    public static ChainRun resume(Path folder, boolean allowDrift) {
        return resume(folder, allowDrift, RunParts.NONE);
    }

    /** {@link #resume(Path, boolean)} with what goes to each stage. */
    public static ChainRun resume(Path folder, boolean allowDrift, RunParts parts) {
        Agreement.ofTask(parts.group(), Agreement.Task.RESUME_CHAIN);
        Path file = folder.resolve(FILE);
        if (!isIn(folder)) {
            throw Problem.request(folder + " holds no chain of runs to resume: it has no " + FILE);
        }
        Chain chain = Chain.of(Yaml.readObject(file), List.of(), file.toString());
        ChainRun run = new ChainRun(chain, folder, allowDrift, parts);
        run.checkDivisible();
        return run;
    }

    /** What is run. */
    public Chain chain() {
        return chain;
    }

    /** Where it leaves things. */
    public Path folder() {
        return folder;
    }

    /** Where a stage leaves things. */
    public Path stageFolder(String stage) {
        return folder.resolve(stage);
    }

    /**
     * Runs the stages that are not done yet, to the end of the last, or until {@code stop} says so, or there is a file {@code stop} in the
     * chain's folder or in the stage's.
     *
     * @return of the stage that was run last; the chain is finished where that is
     * @throws Problem as {@link TrainingRun#run}
     */
    public RunSummary run(RunListener listener, BooleanSupplier stop) {
        return parts.group().world().isFirst()
                ? RunLock.whileHeld(folder, stop, either -> runStages(listener, either))
                : runStages(listener, stop);
    }

    private RunSummary runStages(RunListener listener, BooleanSupplier stop) {
        RunSummary last = null;
        for (String stage : chain.stages().keySet()) {
            last = run(stage, listener, stop);
            if (!last.finished()) {
                return last;
            }
        }
        parts.group().first(() -> ChainResult.write(chain, folder));
        return java.util.Objects.requireNonNull(last);
    }

    private RunSummary run(String stage, RunListener listener, BooleanSupplier stop) {
        RunFolder place = new RunFolder(stageFolder(stage));
        TrainingRun run = parts.group().isForFirst(place.isBegun())
                ? TrainingRun.resume(place.path(), allowDrift, parts)
                : TrainingRun.start(chain.inFolder(stage, folder), place.path(), parts);
        return run.run(place.isFinished() ? SILENT : listener, stop);
    }
}
