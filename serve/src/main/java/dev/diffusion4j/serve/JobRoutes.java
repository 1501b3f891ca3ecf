// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.Toward;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceEstimate;
import dev.diffusion4j.service.ServiceRequest;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Jobs that callers come back for: everything that the engine draws, in the JSON of a picture's note. */
final class JobRoutes {
    static final String PATH = "/api/v1/jobs";

    private final Supplier<DiffusionService> service;
    private final JobFields fields;
    private final JobBoard board;
    private final Uploads uploads;
    private final ScheduledExecutorService events;

    /** @param events threads that send events */
    JobRoutes(
            Supplier<DiffusionService> service,
            JobFields fields,
            JobBoard board,
            Uploads uploads,
            ScheduledExecutorService events) {
        this.service = service;
        this.fields = fields;
        this.board = board;
        this.uploads = uploads;
        this.events = events;
    }

    void add(RoutesConfig routes) {
        routes.post(PATH, this::submit);
        routes.get(
                PATH,
                ctx -> Answers.json(
                        ctx,
                        200,
                        Map.of(
                                "jobs",
                                board.of(Access.caller(ctx)).stream()
                                        .map(JobRoutes::described)
                                        .toList())));
        routes.post(PATH + "/estimate", this::estimate);
        routes.post(PATH + "/{id}/move", this::move);
        routes.get(PATH + "/{id}", this::job);
        routes.delete(PATH + "/{id}", this::delete);
        routes.get(PATH + "/{id}/events", this::events);
        routes.get(PATH + "/{id}/pictures/{index}", this::picture);
    }

    private void submit(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        boolean keeps = !Boolean.FALSE.equals(sent.any("keep"));
        List<KeptJob> jobs = new ArrayList<>();
        Uploads.Batch files = uploads.batch();
        try {
            List<ServiceRequest> requests = fields.read(sent, files);
            checkFits(requests.size());
            files.heldBy(requests.size());
            for (ServiceRequest request : requests) {
                KeptJob kept = board.create(Access.caller(ctx), files, keeps);
                kept.start(service.get().submit(request, kept));
                jobs.add(kept);
            }
        } catch (RuntimeException e) {
            files.heldBy(0).close();
            jobs.forEach(kept -> kept.job().cancel());
            throw e;
        }
        jobs.forEach(board::add);
        Answers.ignored(ctx, sent.ignored());
        ctx.header("Location", PATH + "/" + jobs.get(0).id());
        List<Map<String, @Nullable Object>> all =
                jobs.stream().map(JobRoutes::described).toList();
        Answers.json(ctx, 202, all.size() == 1 ? all.get(0) : Map.of("jobs", all));
    }

    /** To come again later would not help a sweep that is longer than all places. */
    private void checkFits(int jobs) {
        ServiceConfig config = service.get().config();
        int places = config.workers() + config.queue();
        if (jobs > places) {
            throw Refusal.limit(
                    "sweep",
                    "\"sweep\" must hold at most " + places
                            + " scales, as many jobs as this server has at a time, but holds " + jobs);
        }
    }

    /** What a request would take, all of a sweep together; nothing is drawn. */
    private void estimate(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        sent.any("keep");
        try (Uploads.Batch files = uploads.batch()) {
            double seconds = 0;
            double bytes = 0;
            for (ServiceRequest request : fields.read(sent, files)) {
                ServiceEstimate estimate = service.get().estimate(request).orElse(null);
                if (estimate == null) {
                    Answers.json(ctx, 200, Map.of());
                    return;
                }
                seconds += estimate.seconds();
                bytes = Math.max(bytes, estimate.bytes());
            }
            Answers.json(ctx, 200, Map.of("seconds", seconds, "bytes", bytes));
        }
    }

    /** Gives a job that waits another place among those that do. */
    private void move(Context ctx) {
        KeptJob kept = board.get(ctx.pathParam("id"));
        kept.job().moveTo(Fields.ofJson(Answers.text(ctx)).count(0, 0, "before"));
        Answers.json(ctx, 200, described(kept));
    }

    /** Ends a job; forgets one that is over. */
    private void delete(Context ctx) {
        KeptJob kept = board.get(ctx.pathParam("id"));
        if (!kept.job().cancel()) {
            board.remove(kept);
        }
        Answers.json(ctx, 200, described(kept));
    }

    static Map<String, @Nullable Object> described(KeptJob kept) {
        Job job = kept.job();
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", kept.id());
        map.put("state", job.state().name().toLowerCase(Locale.ROOT));
        map.put("model", job.request().model());
        map.put("prompt", prompt(job));
        map.put("seed", job.request().drawing().seed());
        map.put("guidance_scale", job.request().drawing().guidance().scale());
        map.put("waiting_before", Math.max(0, job.waitingBefore()));
        map.put("progress", progress(job.progress()));
        map.put(
                "pictures",
                kept.pictures().stream().map(picture -> picture(kept, picture)).toList());
        map.put("seconds", job.time().toMillis() / 1000.0);
        Map<String, List<Double>> losses = kept.losses();
        if (!losses.isEmpty()) {
            map.put("losses", losses);
        }
        ErrorAnswer failure = kept.failure();
        map.put("error", failure == null ? null : failure.toMap());
        return map;
    }

    private static @Nullable String prompt(Job job) {
        List<String> prompts = job.request().drawing().prompts();
        return prompts == null || prompts.isEmpty() ? null : prompts.get(0);
    }

    private static Map<String, @Nullable Object> progress(JobProgress progress) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("share", progress.share());
        map.put("step", (long) progress.step());
        map.put("steps", (long) progress.steps());
        map.put("finished", (long) progress.finished());
        map.put("pictures", (long) progress.pictures());
        return map;
    }

    private static Map<String, @Nullable Object> picture(KeptJob kept, FinishedPicture picture) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("index", (long) picture.index());
        GenerationRequest drawing = kept.job().request().drawing();
        map.put("seed", drawing.canvas().seedOf(picture.index()));
        Toward toward = drawing.canvas().toward();
        if (toward != null) {
            Map<String, Object> place = new LinkedHashMap<>(); // in this order, which Map.of does not keep
            place.put("seed", toward.seed());
            place.put("share", toward.share(picture.index(), drawing.count()));
            map.put("toward", place);
        }
        map.put("url", PATH + "/" + kept.id() + "/pictures/" + picture.index());
        String file = kept.place(picture.index());
        if (file != null) {
            map.put("place", file);
        }
        return map;
    }

    private void job(Context ctx) {
        Answers.json(ctx, 200, described(board.get(ctx.pathParam("id"))));
    }

    private void picture(Context ctx) {
        KeptJob kept = board.get(ctx.pathParam("id"));
        String index = ctx.pathParam("index");
        FinishedPicture picture = kept.pictures().stream()
                .filter(each -> String.valueOf(each.index()).equals(index))
                .findFirst()
                .orElseThrow(() -> Refusal.missing("this job has no such picture, or not yet"));
        ctx.contentType("image/png")
                .result(PictureForm.PNG.bytes(
                        picture.image(), kept.files().hidden(picture, kept.job().request())));
    }

    private void events(Context ctx) {
        KeptJob kept = board.get(ctx.pathParam("id"));
        long seen = after(ctx);
        if (kept.isOver() && kept.after(seen).isEmpty()) {
            ctx.status(204); // by which a browser's EventSource knows that it need not come again
            return;
        }
        if (EventStream.answersHead(ctx)) {
            return;
        }
        EventStream stream = new EventStream(ctx);
        ClientWatch watch = ClientWatch.of(ctx);
        ctx.future(() -> {
            new EventFeed(
                            kept,
                            seen,
                            event -> data(kept, event),
                            stream,
                            watch,
                            events,
                            ctx.req().getAsyncContext())
                    .start();
            return new CompletableFuture<>(); // which never ends: the feed ends the request
        });
    }

    private static long after(Context ctx) {
        String header = ctx.header("Last-Event-ID");
        String given = header == null ? ctx.queryParam("after") : header;
        if (given == null || given.isEmpty()) {
            return 0;
        }
        if (!given.matches("\\d{1,18}")) {
            throw Refusal.malformed("the last event must be a number, but was '" + given + "'");
        }
        return Long.parseLong(given);
    }

    private static Map<String, @Nullable Object> data(KeptJob kept, KeptJob.Event event) {
        JobProgress progress = event.progress();
        if (progress != null) {
            return progress(progress);
        }
        if (event.image() != null) {
            byte[] file = PictureForm.PNG.bytes(event.image(), Map.of());
            return Map.of(
                    "index",
                    (long) event.index(),
                    "b64_json",
                    Base64.getEncoder().encodeToString(file));
        }
        if (event.name().equals("losses")) {
            return Map.of("step", (long) event.index(), "losses", kept.losses());
        }
        return event.name().equals("picture")
                ? kept.pictures().stream()
                        .filter(each -> each.index() == event.index())
                        .findFirst()
                        .map(each -> picture(kept, each))
                        .orElseThrow()
                : described(kept);
    }
}
