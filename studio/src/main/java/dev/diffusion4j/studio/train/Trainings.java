// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.RunWorker;
import dev.diffusion4j.studio.base.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Trainings that are started, gone on with and tried from here. They belong to nobody: what is known of them is read from their folders. */
final class Trainings {
    private static final long TRIAL_SECONDS = 600;

    private final ChildProcess command;
    /** Those that do not yet work on their folder, or could not. */
    private final Map<Path, Process> begun = new ConcurrentHashMap<>();
    /** Plans at work, by the names that pages gave them. */
    private final Map<String, Trial> trials = new ConcurrentHashMap<>();

    /** A plan; it may be ended before its process is there. */
    private static final class Trial {
        private @Nullable Process process;
        private boolean isEnded;

        /** Whether it goes on. */
        synchronized boolean begin(Process begun) {
            process = begun;
            return !isEnded;
        }

        synchronized void end() {
            isEnded = true;
            if (process != null) {
                ChildProcess.end(process);
            }
        }

        synchronized boolean isEnded() {
            return isEnded;
        }
    }

    Trainings(ChildProcess command) {
        this.command = command;
    }

    /** The words of a call of {@code diffuse train}. */
    static List<String> words(String recipe, @Nullable String preset, List<String> changes) {
        List<String> words = new ArrayList<>(List.of("train", recipe));
        if (preset != null) {
            words.addAll(List.of("--preset", preset));
        }
        changes.forEach(change -> words.addAll(List.of("--set", change)));
        return words;
    }

    /**
     * Starts one.
     *
     * @throws Problem (a wrong request) where something is in the folder
     */
    void start(List<String> words, Path folder) {
        if (Files.exists(folder)) {
            throw Problem.request("there is already something in the folder of that {name}: choose another")
                    .about("name");
        }
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of("--out", folder.toString()));
        begin(all, folder);
    }

    /** Goes on with one. */
    void resume(Path folder) {
        if (RunWorker.of(folder).filter(RunWorker::isAtWork).isPresent() || isBeginning(folder)) {
            throw Problem.request("this training is at work already");
        }
        begin(List.of("train", "--resume", folder.toString()), folder);
    }

    private void begin(List<String> words, Path folder) {
        begun.put(folder, command.start(words, new RunFolder(folder).console()));
    }

    /** Whether its process is there, but does not work on the folder yet. */
    boolean isBeginning(Path folder) {
        Process process = begun.get(folder);
        return process != null
                && process.isAlive()
                && RunWorker.of(folder).filter(RunWorker::isAtWork).isEmpty();
    }

    /** Those that were started here and are not yet runs, or never became ones: their folders, with what went wrong, if anything did. */
    Map<Path, Optional<String>> withoutRun() {
        Map<Path, Optional<String>> all = new LinkedHashMap<>();
        begun.forEach((folder, process) -> {
            RunFolder run = new RunFolder(folder);
            if (!Files.exists(run.recipe()) && !Files.exists(folder.resolve("chain.yaml"))) {
                all.put(folder, process.isAlive() ? Optional.empty() : Optional.of(lastLine(run.console())));
            }
        });
        return all;
    }

    /** Why the last attempt to go on with a run came to nothing; empty where it did not. */
    Optional<String> refusal(Path folder) {
        Process process = begun.get(folder);
        if (process == null || process.isAlive() || process.exitValue() == 0) {
            return Optional.empty();
        }
        long pid = process.pid();
        boolean isItsOwn =
                RunWorker.of(folder).filter(worker -> worker.pid() == pid).isPresent();
        return isItsOwn ? Optional.empty() : Optional.of(lastLine(new RunFolder(folder).console()));
    }

    /** Ends one that does not work on its folder yet; whether there is such a one. */
    boolean end(Path folder) {
        Process process = begun.get(folder);
        if (process == null || !isBeginning(folder)) {
            return false;
        }
        ChildProcess.end(process);
        return true;
    }

    /** Forgets one that never became a run; its process is ended, if it still is one. */
    void forget(Path folder) {
        Process process = begun.remove(folder);
        if (process != null) {
            ChildProcess.end(process);
        }
    }

    /** Ends a plan, if it is still at work. */
    void endTrial(String trial) {
        Trial known = trials.get(trial);
        if (known != null) {
            known.end();
        }
    }

    /** Ends all plans. */
    void endTrials() {
        trials.keySet().forEach(this::endTrial);
    }

    /**
     * What a training would take: what {@code diffuse train --plan} prints.
     *
     * @param words of the call; asked for when the plan can be ended already
     * @param trial by which it may be ended
     * @return empty where it was
     * @throws Problem (a wrong request) with its error
     */
    List<String> plan(Supplier<List<String>> words, String trial) {
        Path console = temporary();
        Trial own = new Trial();
        trials.put(trial, own);
        try {
            List<String> all = new ArrayList<>(words.get());
            all.add("--plan");
            Process process = command.start(all, console);
            if (!own.begin(process)) {
                ChildProcess.end(process);
            }
            boolean hasEnded = process.waitFor(TRIAL_SECONDS, TimeUnit.SECONDS);
            if (own.isEnded()) {
                return List.of();
            }
            if (!hasEnded) {
                ChildProcess.end(process);
                throw Problem.failure("no step could be tried within ten minutes");
            }
            if (process.exitValue() != 0) {
                throw Problem.request(lastLine(console));
            }
            return ChildProcess.console(console);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Problem.failure("the studio is being closed");
        } finally {
            trials.remove(trial, own);
            delete(console);
        }
    }

    private static Path temporary() {
        try {
            return Files.createTempFile("diffusion4j-plan", ".log");
        } catch (IOException e) {
            throw Problem.failure("cannot make a temporary file: " + AtomicFile.reason(e), e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            return; // the system clears its temporary files
        }
    }

    private static String lastLine(Path console) {
        return ChildProcess.lastLine(console).orElse("the training ended before it began");
    }
}
