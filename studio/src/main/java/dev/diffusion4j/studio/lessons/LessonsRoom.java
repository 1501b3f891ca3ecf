// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.guidance.LossGuidance;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.serve.LiveAnswers;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.ClipTexts;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lessons' pages, the trainings that they ask for one at a time, and what their controls show. */
public final class LessonsRoom implements Room {
    private static final String PATH = API + "lessons";
    /** Where the pages' pictures are. */
    static final String PICTURES = PATH + "/pictures/";

    private static final Logger LOG = LoggerFactory.getLogger(LessonsRoom.class);
    private static final String RUN = PATH + "/runs/{run}";
    private static final Duration RHYTHM = Duration.ofMillis(200);

    private final StudioContext context;
    private final LessonFolders folders;
    private final LessonPictures pictures;
    private final Map<LessonRun, LessonTraining> trainings = new EnumMap<>(LessonRun.class);
    private final List<String> changes;
    private @Nullable ClipTexts texts;
    private final LiveAnswers live = new LiveAnswers("diffusion4j-lessons", RHYTHM);

    /** Of these folders. */
    public LessonsRoom(StudioContext context) {
        this(context, List.of());
    }

    /** @param changes of all trainings: a test makes them short */
    LessonsRoom(StudioContext context, List<String> changes) {
        this.context = context;
        this.changes = List.copyOf(changes);
        this.folders = new LessonFolders(context.folders());
        this.pictures = new LessonPictures(folders);
    }

    @Override
    public String name() {
        return "lessons";
    }

    @Override
    public void add(RoutesConfig routes) {
        routes.get(PATH, Calls.json(ctx -> index()));
        routes.get(PATH + "/pages/{number}", Calls.json(ctx -> LessonPage.read(ctx.pathParam("number"))
                .toMap()));
        routes.get(PICTURES + "{name}", LessonsRoom::picture);
        routes.get(PATH + "/runs", Calls.json(ctx -> Map.of("runs", runs())));
        routes.post(RUN, Calls.json(ctx -> begin(LessonRun.of(ctx.pathParam("run")))));
        routes.delete(RUN, Calls.json(ctx -> stop(LessonRun.of(ctx.pathParam("run")))));
        routes.get(RUN + "/events", this::follow);
        pictures.add(routes, PATH);
    }

    private Map<String, Object> index() {
        List<Map<String, Object>> lessons = new ArrayList<>();
        for (int number = 1; number <= LessonPage.COUNT; number++) {
            LessonPage page = LessonPage.read(String.valueOf(number));
            lessons.add(Map.of(
                    "number",
                    number,
                    "title",
                    page.title(),
                    "steps",
                    page.steps().stream().map(LessonPage.Step::title).toList()));
        }
        return Map.of("lessons", lessons);
    }

    private static void picture(Context ctx) throws IOException {
        String name = ctx.pathParam("name");
        try (InputStream in = name.matches("[\\w-]+\\.png")
                ? LessonsRoom.class.getResourceAsStream("/lessons/pictures/" + name)
                : null) {
            if (in == null) {
                throw Refusal.missing("there is no such picture in the lessons");
            }
            ctx.header("Cache-Control", "private, max-age=3600")
                    .contentType("image/png")
                    .result(in.readAllBytes());
        }
    }

    private List<Map<String, @Nullable Object>> runs() {
        List<Map<String, @Nullable Object>> all = new ArrayList<>();
        for (LessonRun run : LessonRun.values()) {
            all.add(described(run));
        }
        return all;
    }

    private synchronized Map<String, @Nullable Object> described(LessonRun run) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>(run.about());
        LessonTraining training = trainings.get(run);
        if (training != null) {
            map.putAll(training.toMap());
        }
        if (training == null || !training.isAtWork()) {
            Path folder = folders.of(run);
            boolean isDone = folders.result(run).isPresent();
            map.put("state", isDone ? "done" : Files.exists(folder.resolve("recipe.yaml")) ? "begun" : "none");
            map.put("model", isDone ? served(run) : null);
            map.put("place", folders.place(folder));
            LessonFigures left = new LessonFigures(folder);
            map.put("losses", left.losses());
            map.put("figures", left.measured());
            map.put("samples", left.samples(folders::place));
        }
        return map;
    }

    /** What jobs call its model; a LoRA is called by its place. */
    private String served(LessonRun run) {
        Path result = folders.needed(run);
        if (run == LessonRun.LORA || run == LessonRun.CLIP || run == LessonRun.JUDGE) {
            return folders.place(result);
        }
        String name = "lesson-" + run.word();
        context.service().add(name, ServiceModel.at(result));
        return name;
    }

    private synchronized Map<String, @Nullable Object> begin(LessonRun run) {
        if (!run.isShort()) {
            throw Refusal.malformed(
                    "the training " + run.recipe() + " takes longer than a lesson: begin it in the train room");
        }
        for (Map.Entry<LessonRun, LessonTraining> other : trainings.entrySet()) {
            if (other.getValue().isAtWork()) {
                throw new Refusal(
                        409,
                        "one training at a time: " + other.getKey().folder() + " is at work",
                        "training_at_work",
                        null);
            }
        }
        if (folders.result(run).isPresent()) {
            return described(run);
        }
        LessonRun base = run.base();
        String from = base == null ? null : folders.needed(base).toString();
        Path folder = folders.of(run);
        trainings.put(
                run,
                new LessonTraining(() -> TrainingRun.startOrResume(run.recipe(from, changes), folder), folders::place));
        return described(run);
    }

    private synchronized Map<String, @Nullable Object> stop(LessonRun run) {
        LessonTraining training = trainings.get(run);
        if (training != null) {
            training.stop();
        }
        return described(run);
    }

    private void follow(Context ctx) {
        LessonRun run = LessonRun.of(ctx.pathParam("run"));
        LessonTraining training;
        synchronized (this) {
            training = trainings.get(run);
        }
        if (training == null) {
            throw Refusal.missing("this training was not begun here");
        }
        long[] seen = {-1};
        live.send(ctx, () -> {
            long version = training.version();
            if (version == seen[0]) {
                return List.of();
            }
            seen[0] = version;
            boolean isLast = !training.isAtWork();
            return List.of(new LiveAnswers.Event(isLast ? "ended" : "progress", described(run), isLast));
        });
    }

    /** The losses that look with the lessons' CLIP. */
    @Override
    public Optional<LossGuidance> guide(String text) {
        return GuideKit.needsClip(text)
                ? folders.result(LessonRun.CLIP)
                        .map(clip -> pictures.now(() -> texts(clip).of(text, ClipTexts.usedBy(context.service()))))
                : Optional.empty();
    }

    /** Whose CLIP stays in memory from its first use on. */
    private synchronized ClipTexts texts(Path clip) {
        ClipTexts known = texts;
        if (known == null) {
            known = new ClipTexts(clip, LOG::info);
            texts = known;
        }
        return known;
    }

    /** The object that was sent, which may hold a picture. */
    static Map<String, @Nullable Object> body(Context ctx) {
        return Json.object(Calls.body(ctx));
    }

    @Override
    public void close() {
        List<LessonTraining> all;
        synchronized (this) {
            all = List.copyOf(trainings.values());
        }
        all.forEach(LessonTraining::stop);
        all.forEach(LessonTraining::join);
        live.close();
        pictures.close();
        closeTexts();
    }

    private synchronized void closeTexts() {
        if (texts != null) {
            texts.close();
        }
    }
}
