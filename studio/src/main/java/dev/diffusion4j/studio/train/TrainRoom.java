// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.recipe.CheckpointModel;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.watch.RunState;
import dev.diffusion4j.serve.LiveAnswers;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.ChildProcess;
import dev.diffusion4j.studio.base.Folders;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Trainings: begun from a form, watched, stopped and gone on with; what they have learnt is drawn from and published. */
public final class TrainRoom implements Room {
    private static final Duration RHYTHM = Duration.ofMillis(700);
    private static final int MOST_SHOWN = 8;
    private static final String RUNS = "runs";

    private final Folders folders;
    private final RunList runs;
    private final RunWords words;
    private final Trainings trainings;
    private final RecipeRoutes recipes;
    private final PublishRoutes publish;
    private final LiveAnswers live = new LiveAnswers("studio-runs", RHYTHM);
    /** The one thread that computes here. */
    private final ExecutorService saving = Executors.newSingleThreadExecutor(daemon("studio-checkpoints"));

    /** A room of these folders. */
    public TrainRoom(StudioContext context) {
        folders = context.folders();
        runs = new RunList(folders);
        words = new RunWords(folders);
        trainings = new Trainings(new ChildProcess(context.command()));
        recipes = new RecipeRoutes(path(), folders);
        publish = new PublishRoutes(path(), folders);
    }

    private static java.util.concurrent.ThreadFactory daemon(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public String name() {
        return "train";
    }

    private String path() {
        return API + name();
    }

    @Override
    public void add(RoutesConfig routes) {
        recipes.add(routes);
        publish.add(routes);
        routes.get(path() + "/runs", Calls.json(ctx -> Map.of(RUNS, all())));
        routes.get(path() + "/folders", Calls.json(ctx -> Map.of("folders", places())));
        routes.get(path() + "/events", this::follow);
        routes.get(path() + "/console", Calls.json(ctx -> console(String.valueOf(ctx.queryParam("run")))));
        routes.post(path() + "/plan", Calls.json(ctx -> plan(Calls.body(ctx))));
        routes.post(path() + "/plan/end", Calls.json(ctx -> endPlan(Calls.body(ctx))));
        routes.post(path() + "/start", Calls.json(ctx -> start(Calls.body(ctx))));
        routes.post(path() + "/stop", Calls.json(ctx -> stop(Calls.body(ctx))));
        routes.post(path() + "/resume", Calls.json(ctx -> resume(run(Calls.body(ctx)))));
        routes.post(path() + "/forget", Calls.json(ctx -> forget(Calls.body(ctx))));
        routes.post(path() + "/checkpoint", Calls.json(ctx -> checkpoint(Calls.body(ctx))));
    }

    private List<Object> all() {
        List<Object> all = new ArrayList<>();
        trainings.withoutRun().forEach((folder, fault) -> {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            map.put("place", folders.place(folder).orElse(""));
            map.put("name", String.valueOf(folder.getFileName()));
            map.put("state", fault.isPresent() ? "failed" : "starting");
            map.put("reason", fault.orElse(null));
            map.put("is_run", false);
            all.add(map);
        });
        for (RunState run : runs.all()) {
            Map<String, @Nullable Object> map = words.of(run);
            map.put("is_run", true);
            if (trainings.isBeginning(run.folder())) {
                map.put("state", "starting");
                map.put("reason", null);
            } else {
                trainings.refusal(run.folder()).ifPresent(fault -> map.put("reason", fault));
            }
            all.add(map);
        }
        return all;
    }

    /** Where new runs may be put: first those folders that are called so, or hold some. */
    private List<String> places() {
        List<String> all = new ArrayList<>();
        folders.all().forEach((name, path) -> {
            if (Files.isDirectory(path.resolve(RUNS))) {
                all.add(name + "/" + RUNS);
            }
        });
        folders.all().keySet().stream()
                .sorted(java.util.Comparator.comparing(name -> !name.equals(RUNS)))
                .forEach(all::add);
        return all;
    }

    private void follow(Context ctx) {
        Map<String, Path> shown = new LinkedHashMap<>();
        for (String place : ctx.queryParams("run").stream().limit(MOST_SHOWN).toList()) {
            shown.put(place, folders.resolve(place));
        }
        live.send(ctx, new TrainEvents(this::all, shown));
    }

    private Map<String, @Nullable Object> console(String place) {
        return Map.of("lines", ChildProcess.console(new RunFolder(folders.resolve(place)).console()));
    }

    /** Nothing where it was ended. */
    private @Nullable Object plan(Map<String, @Nullable Object> body) {
        String trial = body.get("trial") instanceof String text
                ? text
                : UUID.randomUUID().toString();
        List<String> lines = trainings.plan(() -> recipes.filled(body).words(), trial);
        return lines.isEmpty() ? null : Map.of("lines", lines);
    }

    private @Nullable Object endPlan(Map<String, @Nullable Object> body) {
        trainings.endTrial(Calls.text(body, "trial"));
        return null;
    }

    private Map<String, @Nullable Object> start(Map<String, @Nullable Object> body) {
        RecipeRoutes.Filled filled = recipes.filled(body);
        String name = body.get("name") instanceof String text && !text.isBlank() ? text : unused(filled.name(), body);
        Path folder = folders.fresh(Calls.text(body, "folder") + "/" + name);
        trainings.start(filled.words(), folder);
        runs.forget();
        return Map.of("run", folders.place(folder).orElseThrow());
    }

    private String unused(String name, Map<String, @Nullable Object> body) {
        Path parent = folders.resolve(Calls.text(body, "folder"));
        String unique = name;
        for (int i = 2; Files.exists(parent.resolve(unique)); i++) {
            unique = name + "-" + i;
        }
        return unique;
    }

    private Path run(Map<String, @Nullable Object> body) {
        return folders.resolve(Calls.text(body, "run"));
    }

    private @Nullable Object stop(Map<String, @Nullable Object> body) {
        Path folder = run(body);
        if (!trainings.end(folder)) {
            new RunFolder(folder).stop();
        }
        return null;
    }

    private @Nullable Object resume(Path folder) {
        if (RunState.read(folder).isEmpty()) {
            throw Refusal.missing("there is no training in this folder");
        }
        trainings.resume(folder);
        return null;
    }

    /** By its place alone: its folder may not be there. */
    private @Nullable Object forget(Map<String, @Nullable Object> body) {
        String place = Calls.text(body, "run");
        Path folder = trainings.withoutRun().keySet().stream()
                .filter(each -> folders.place(each).orElse("").equals(place))
                .findFirst()
                .orElseThrow(() -> Refusal.missing("no training was begun there that never became one"));
        trainings.forget(folder);
        return null;
    }

    private Map<String, @Nullable Object> checkpoint(Map<String, @Nullable Object> body) throws InterruptedException {
        Path folder = run(body);
        if (!(body.get("step") instanceof Long step)) {
            throw Refusal.value("step", "{step} must be one of the checkpoints");
        }
        try {
            Path model = saving.submit(() -> CheckpointModel.save(folder, step)).get();
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            map.put("model", folders.place(model).orElseThrow());
            map.put("is_lora", new RunFolder(model).isLoraItself());
            return map;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Problem problem) {
                throw problem;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        live.close();
        trainings.endTrials();
        saving.shutdownNow();
    }
}
