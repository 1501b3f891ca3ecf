// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.plot.LatentPictures;
import dev.diffusion4j.plot.NoisyPicture;
import dev.diffusion4j.plot.OneStep;
import dev.diffusion4j.plot.ScheduleSpec;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the controls show at once, without a job: noise, schedules, one step, latents. One thread works them out, one after the other. */
final class LessonPictures {
    private static final int SIDE = 192;
    private static final int SCENE = 64;
    private static final long SEED = 7;
    private static final long MOST_PIXELS = 40_000_000;
    private static final int POINTS = 200;
    private static final int MOST_TIMESTEPS = 10_000;
    private static final int MOST_STEPS = 1000;

    private final LessonFolders folders;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(body -> {
        Thread made = new Thread(body, "diffusion4j-lesson-pictures");
        made.setDaemon(true);
        return made;
    });

    private @Nullable Path opened;
    private @Nullable OneStep network;

    LessonPictures(LessonFolders folders) {
        this.folders = folders;
    }

    void add(RoutesConfig routes, String path) {
        routes.post(path + "/noise", Calls.json(ctx -> noise(LessonsRoom.body(ctx))));
        routes.get(path + "/schedules", Calls.json(LessonPictures::schedules));
        routes.post(path + "/step", Calls.json(ctx -> step(LessonsRoom.body(ctx))));
        routes.post(path + "/latents", Calls.json(ctx -> latents(LessonsRoom.body(ctx))));
    }

    /** On the thread that may use LibTorch. */
    <T> T work(Callable<T> work) throws Exception {
        try {
            return thread.submit(work).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** {@link #work} that throws nothing checked. */
    <T> T now(Supplier<T> work) {
        try {
            return work(work::get);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> noise(Map<String, @Nullable Object> asked) throws Exception {
        BufferedImage picture = sent(asked, "scenes", 2);
        if (asked.get("time") instanceof Number time) {
            return Map.of("picture", base64(work(() -> noisy(picture).at(time.doubleValue()))));
        }
        int timesteps = whole(asked, "timesteps", 1000, 2, MOST_TIMESTEPS);
        int timestep = whole(asked, "timestep", 0, 0, timesteps - 1);
        NoiseSchedule schedule = ScheduleSpec.parse(String.valueOf(asked.getOrDefault("schedule", "linear")))
                .over(timesteps);
        return Map.of(
                "picture",
                base64(work(() -> noisy(picture).at(schedule, timestep))),
                "alpha_bar",
                schedule.alphasCumprod(timestep));
    }

    /** Small pictures are shown in their own size: what is drawn has pixels that one should see. */
    private static NoisyPicture noisy(BufferedImage picture) {
        int side = Math.min(SIDE, Math.max(8, Math.min(picture.getWidth(), picture.getHeight())));
        return new NoisyPicture(picture, side, SEED);
    }

    private static Map<String, Object> schedules(Context ctx) {
        String given = ctx.queryParam("timesteps");
        int timesteps =
                given == null ? 1000 : whole(Map.of("timesteps", number(given)), "timesteps", 0, 2, MOST_TIMESTEPS);
        List<Map<String, Object>> series = new ArrayList<>();
        for (String text : ctx.queryParams("schedule")) {
            NoiseSchedule schedule = ScheduleSpec.parse(text).over(timesteps);
            List<Integer> at = new ArrayList<>();
            List<Double> signal = new ArrayList<>();
            List<Double> noise = new ArrayList<>();
            for (int i = 0; i < Math.min(POINTS, timesteps); i++) {
                int timestep = (int) ((long) i * (timesteps - 1) / (Math.min(POINTS, timesteps) - 1));
                at.add(timestep);
                signal.add(Math.sqrt(schedule.alphasCumprod(timestep)));
                noise.add(Math.sqrt(1 - schedule.alphasCumprod(timestep)));
            }
            series.add(Map.of(
                    "name",
                    text,
                    "timesteps",
                    at,
                    "signal",
                    signal,
                    "noise",
                    noise,
                    "left",
                    schedule.alphasCumprod(timesteps - 1)));
        }
        return Map.of("series", series);
    }

    private static Object number(String text) {
        return text.matches("\\d{1,9}") ? (Object) Integer.valueOf(text) : text;
    }

    private Map<String, Object> step(Map<String, @Nullable Object> asked) throws Exception {
        Path model = folders.needed(LessonRun.of(String.valueOf(asked.getOrDefault("run", "quickstart"))));
        int steps = whole(asked, "steps", 20, 2, MOST_STEPS);
        int at = whole(asked, "step", 0, 0, steps - 1);
        int label = whole(asked, "class", 3, 0, 9);
        BufferedImage picture = sent(asked, "digits", label);
        OneStep.Shown shown = work(() -> network(model).show(picture, label, steps, at, SEED));
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("noisy", base64(shown.noisy()));
        map.put("original", base64(shown.predOriginal()));
        map.put("previous", base64(shown.previous()));
        map.put("timestep", shown.timestep());
        map.put("alpha_bar", shown.signalShare());
        return map;
    }

    private OneStep network(Path model) {
        OneStep known = network;
        if (known != null && model.equals(opened)) {
            return known;
        }
        if (known != null) {
            network = null;
            known.close();
        }
        OneStep fresh = OneStep.open(model);
        network = fresh;
        opened = model;
        return fresh;
    }

    private Map<String, Object> latents(Map<String, @Nullable Object> asked) throws Exception {
        Path model = folders.needed(LessonRun.WORDS);
        BufferedImage picture = sent(asked, "scenes", 2);
        LatentPictures through = work(() -> LatentPictures.of(model, picture, SCENE));
        return Map.of(
                "picture",
                base64(through.picture()),
                "latents",
                through.latents().stream().map(LessonPictures::base64).toList(),
                "decoded",
                base64(through.decoded()));
    }

    /** The picture that was sent, or one of the built-in data: the class's first where it has classes. */
    private static BufferedImage sent(Map<String, @Nullable Object> asked, String data, int index) {
        Object given = asked.get("picture");
        if (given == null) {
            try (Dataset dataset = DataSources.open(data)) {
                return image(dataset.example(index).image());
            }
        }
        if (!(given instanceof String text)) {
            throw Refusal.value("picture", "\"picture\" must be a picture in base64, but was " + Json.describe(given));
        }
        try {
            byte[] file = Base64.getMimeDecoder().decode(text.substring(text.indexOf(',') + 1));
            return SentPicture.colours(SentPicture.read(file, "\"picture\"", MOST_PIXELS));
        } catch (IllegalArgumentException e) {
            throw Refusal.value("picture", "this is no \"picture\": " + e.getMessage());
        }
    }

    private static BufferedImage image(PixelImage pixels) {
        BufferedImage image = new BufferedImage(pixels.width(), pixels.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < pixels.height(); y++) {
            for (int x = 0; x < pixels.width(); x++) {
                int rgb = 0;
                for (int channel = 0; channel < 3; channel++) {
                    rgb = rgb << 8 | pixels.level(x, y, Math.min(channel, pixels.channels() - 1));
                }
                image.setRGB(x, y, rgb);
            }
        }
        return image;
    }

    private static int whole(Map<String, @Nullable Object> asked, String name, int otherwise, int least, int most) {
        Object given = asked.get(name);
        if (given == null) {
            return otherwise;
        }
        if (given instanceof Number number
                && number.doubleValue() == Math.rint(number.doubleValue())
                && number.doubleValue() >= least
                && number.doubleValue() <= most) {
            return number.intValue();
        }
        throw Refusal.value(
                name,
                "\"" + name + "\" must be a whole number from " + least + " to " + most + ", but was "
                        + Json.describe(given));
    }

    private static String base64(BufferedImage image) {
        return Base64.getEncoder().encodeToString(PngFile.bytes(image, Map.of()));
    }

    void close() {
        thread.execute(() -> {
            if (network != null) {
                network.close();
            }
        });
        thread.shutdown();
    }
}
