// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.compare;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.ChildProcess;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.StudioContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Comparisons that were begun here, each a process of its own: {@code diffuse compare}, whose table is then found in the folders. */
final class Measurements implements AutoCloseable {
    /** In the first folder. */
    private static final String FOLDER = "compared";

    private static final long MOST_SECONDS = 5;
    private static final String CONSOLE = "console.log";
    /** Pictures of the data that are compared with: a person waits, and looks at the order of the rows. */
    private static final int MOST_DATA = 2000;

    /** What the page gives as lists with commas between, and the options that they are. */
    private static final Map<String, String> LISTS =
            Map.of("schedulers", "--scheduler", "steps", "--steps", "scales", "--guidance-scale", "count", "--count");

    private final StudioContext context;
    private final ChildProcess command;
    private final Map<Path, Process> begun = new LinkedHashMap<>();

    Measurements(StudioContext context) {
        this.context = context;
        this.command = new ChildProcess(context.command());
    }

    /**
     * Begins one.
     *
     * @param asked {@code model}, the lists, {@code prompt} or {@code classes}, {@code judge}: the place of a classifier, {@code against_data}: whether its
     *     features are compared with what the model learnt from
     * @throws Refusal (404) where the model or the judge is not in the folders
     */
    synchronized @Nullable Object begin(Map<String, @Nullable Object> asked) throws IOException {
        String model = Calls.text(asked, "model");
        Path place = context.models()
                .path(model)
                .orElseThrow(() -> Refusal.missing("there is no such model in the folders that are open"));
        List<String> words = new ArrayList<>(List.of("compare", "--model=" + place));
        LISTS.forEach((name, option) -> {
            if (asked.get(name) instanceof String text && !text.isBlank()) {
                words.add(option + "=" + text.replaceAll("\\s", ""));
            }
        });
        if (asked.get("prompt") instanceof String prompt) {
            words.add("--prompt=" + prompt);
        }
        if (asked.get("classes") instanceof String classes) {
            words.add("--class=" + classes);
        }
        if (asked.get("judge") instanceof String judge && !judge.isBlank()) {
            words.addAll(judged(context.folders().resolve(judge), model, asked));
        }
        Path folder = fresh(model);
        words.add("--out=" + folder);
        begun.put(folder, command.start(words, folder.resolve(CONSOLE)));
        return null;
    }

    private List<String> judged(Path judge, String model, Map<String, @Nullable Object> asked) {
        if (!Boolean.TRUE.equals(asked.get("against_data"))) {
            return List.of("--classifier=" + judge);
        }
        ModelPlaces models = context.models();
        String source = models.data(model)
                .orElseThrow(() ->
                        Refusal.value("against_data", "the data that this model learnt from is not on this machine"))
                .source();
        return List.of("--data=" + source, "--data-limit=" + MOST_DATA, "--features=" + judge);
    }

    private Path fresh(String model) throws IOException {
        Path all = Files.createDirectories(context.folders().first().resolve(FOLDER));
        String name = model.substring(model.lastIndexOf('/') + 1).replaceFirst("\\.\\w+$", "");
        Path folder = all.resolve(name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = all.resolve(name + "-" + i);
        }
        return folder;
    }

    /** Those that are at work, or failed. */
    synchronized List<Map<String, Object>> all() {
        List<Map<String, Object>> all = new ArrayList<>();
        begun.forEach((folder, process) -> {
            if (process.isAlive() || process.exitValue() != 0) {
                all.add(Map.of(
                        "place",
                        context.folders().place(folder).orElseThrow(),
                        "is_alive",
                        process.isAlive(),
                        "line",
                        ChildProcess.lastLine(folder.resolve(CONSOLE)).orElse("")));
            }
        });
        return all;
    }

    /** Ends one, or forgets one that failed. */
    synchronized @Nullable Object end(Map<String, @Nullable Object> asked) throws IOException {
        String place = Calls.text(asked, "place");
        Optional<Path> known = begun.keySet().stream() // its folder may be gone
                .filter(each ->
                        context.folders().place(each).filter(place::equals).isPresent())
                .findFirst();
        if (known.isPresent()) {
            end(known.get());
        }
        return null;
    }

    private void end(Path folder) throws IOException {
        Process process = java.util.Objects.requireNonNull(begun.remove(folder));
        ChildProcess.end(process);
        try {
            process.waitFor(MOST_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!Files.exists(folder.resolve("compare.json"))) {
            AtomicFile.deleteTree(folder); // there is nothing in it but what it printed
        }
    }

    /** Ends those that are at work: nobody could see them after. */
    @Override
    public synchronized void close() {
        begun.values().forEach(ChildProcess::end);
    }

    /** Whether a file, a {@code model_index.json}, is of a classifier that can judge. */
    static boolean isJudge(Path index) {
        String classifier = ModelKind.CONV_CLASSIFIER.family().modelClass().name();
        return Json.readObject(index).values().stream()
                .anyMatch(entry -> entry instanceof List<?> pair && pair.contains(classifier));
    }
}
