// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobProgress;
import dev.diffusion4j.service.ServiceRequest;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What clients of A1111's webui call to draw, follow and interrupt: {@code txt2img}, {@code img2img}, {@code progress}, {@code interrupt}. */
final class WebuiRoutes {
    static final String PATH = "/sdapi/v1/";

    private final Supplier<DiffusionService> service;
    private final WebuiFields fields;
    private final WebuiJobs jobs;
    private final Uploads uploads;

    WebuiRoutes(Supplier<DiffusionService> service, WebuiFields fields, WebuiJobs jobs, Uploads uploads) {
        this.service = service;
        this.fields = fields;
        this.jobs = jobs;
        this.uploads = uploads;
    }

    void add(RoutesConfig routes) {
        routes.post(PATH + "txt2img", ctx -> draw(ctx, false));
        routes.post(PATH + "img2img", ctx -> draw(ctx, true));
        routes.get(PATH + "progress", this::progress);
        routes.post(PATH + "interrupt", this::interrupt);
        routes.post(PATH + "skip", this::interrupt);
        routes.post("/internal/progress", this::internal);
    }

    private void draw(Context ctx, boolean fromPicture) {
        String caller = Access.caller(ctx);
        WebuiJobs.Watched watched = new WebuiJobs.Watched();
        try (Uploads.Batch files = uploads.batch()) {
            ServiceRequest request = request(ctx, caller, fromPicture ? files : null);
            Job job = service.get().submit(request, watched);
            Answers.letGo(ctx);
            watched.start(job);
            jobs.put(caller, watched);
            try {
                Waiting.await(ctx, job);
            } catch (CancellationException e) {
                if (!watched.isInterrupted()) {
                    throw e;
                }
            } finally {
                jobs.forget(caller, watched);
            }
            Answers.json(ctx, 200, answer(request, watched.pictures(), files));
        }
    }

    private ServiceRequest request(Context ctx, String caller, Uploads.@Nullable Batch files) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        ServiceRequest request = read(sent, jobs.model(caller, fields.models().of(null)), files);
        Answers.ignored(ctx, sent.ignored());
        return request;
    }

    private static Map<String, @Nullable Object> answer(
            ServiceRequest request, List<FinishedPicture> pictures, Uploads.Batch files) {
        List<Object> images = new ArrayList<>();
        List<Object> seeds = new ArrayList<>();
        List<Object> texts = new ArrayList<>();
        for (FinishedPicture picture : pictures) {
            Map<String, String> notes = files.hidden(picture, request);
            images.add(Base64.getEncoder().encodeToString(PictureForm.PNG.bytes(picture.image(), notes)));
            seeds.add(request.drawing().seed() + picture.index());
            texts.add(notes.getOrDefault("parameters", ""));
        }
        Map<String, @Nullable Object> info = new LinkedHashMap<>();
        List<String> prompts = request.drawing().prompts();
        info.put("prompt", prompts == null ? "" : prompts.get(0));
        info.put("seed", request.drawing().seed());
        info.put("all_seeds", seeds);
        info.put("sd_model_name", request.model());
        info.put("infotexts", texts);
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("images", images);
        answer.put("parameters", Map.of());
        answer.put("info", Json.compact(info));
        return answer;
    }

    private void progress(Context ctx) {
        Optional<WebuiJobs.Watched> running = jobs.running(Access.caller(ctx));
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        Map<String, @Nullable Object> state = new LinkedHashMap<>();
        JobProgress progress =
                running.map(WebuiJobs.Watched::job).map(Job::progress).orElse(null);
        double share = progress == null ? 0 : progress.share();
        answer.put("progress", share);
        answer.put("eta_relative", running.map(watched -> watched.left(share)).orElse(0.0));
        state.put("skipped", false);
        state.put("interrupted", running.map(WebuiJobs.Watched::isInterrupted).orElse(false));
        state.put("job", running.isPresent() ? "drawing" : "");
        state.put("job_count", progress == null ? 0L : (long) progress.pictures());
        state.put("job_no", progress == null ? 0L : (long) progress.finished());
        state.put("sampling_step", progress == null ? 0L : (long) progress.step());
        state.put("sampling_steps", progress == null ? 0L : (long) progress.steps());
        answer.put("state", state);
        boolean isWanted = !"true".equalsIgnoreCase(ctx.queryParam("skip_current_image"));
        answer.put("current_image", isWanted ? preview(running) : null);
        answer.put("textinfo", null);
        Answers.json(ctx, 200, answer);
    }

    private static @Nullable String preview(Optional<WebuiJobs.Watched> running) {
        BufferedImage image = running.map(WebuiJobs.Watched::preview).orElse(null);
        return image == null ? null : Base64.getEncoder().encodeToString(PictureForm.PNG.bytes(image, Map.of()));
    }

    private void interrupt(Context ctx) {
        jobs.running(Access.caller(ctx)).ifPresent(WebuiJobs.Watched::interrupt);
        Answers.json(ctx, 200, Map.of());
    }

    /** What the webui's own pages ask for. */
    private void internal(Context ctx) {
        Fields sent = Fields.ofJson(Answers.text(ctx));
        boolean isShown = sent.any("live_preview") == null || sent.flag("live_preview");
        Optional<WebuiJobs.Watched> running = jobs.running(Access.caller(ctx));
        Job job = running.map(WebuiJobs.Watched::job).orElse(null);
        boolean isWaiting = job != null && job.waitingBefore() >= 0;
        double share = job == null ? 0 : job.progress().share();
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("active", job != null && !isWaiting);
        answer.put("queued", isWaiting);
        answer.put("completed", job == null);
        answer.put("progress", share);
        answer.put("eta", running.map(watched -> watched.left(share)).orElse(0.0));
        String preview = isShown ? preview(running) : null;
        answer.put("live_preview", preview == null ? null : "data:image/png;base64," + preview);
        answer.put("id_live_preview", job == null ? -1L : (long) job.progress().step());
        answer.put("textinfo", isWaiting ? "In queue..." : null);
        Answers.json(ctx, 200, answer);
    }

    private ServiceRequest read(Fields sent, String usual, Uploads.@Nullable Batch files) {
        return files == null ? fields.read(sent, usual, null) : Unpacking.run(() -> fields.read(sent, usual, files));
    }
}
