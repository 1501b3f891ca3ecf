// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.studio.Studio;
import dev.diffusion4j.studio.StudioConfig;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * How quick the studio feels, by the browser's own clock: only where it is asked for, since it needs a machine without other work. {@code bench/README.md} has
 * the command. {@code -Dstudio.measure=FILE} is the table that it adds to, {@code -Dstudio.measure.runs=FOLDER} holds the run {@code quickstart}.
 */
@ExtendWith(Browsing.class)
@EnabledIfSystemProperty(named = "studio.measure", matches = ".+")
class StudioMeasureTest {
    private static final List<String> ROOMS = List.of("draw", "gallery", "compare", "train", "data", "lessons");
    private static final int OPENINGS = 7;
    private static final int DRAWINGS = 15;
    private static final int PICTURES = 1000;
    private static final int SIDE = 256;
    private static final double PATIENCE = 60_000;

    /** Notes when the heading of a room is there. */
    private static final String HEADING =
            """
            new MutationObserver((changes, self) => {
              if (document.querySelector("#room h1")) { window.headed = performance.now(); self.disconnect(); }
            }).observe(document, { childList: true, subtree: true });
            """;

    /** Scrolls from top to end, a hundred pixels a frame: the milliseconds from frame to frame. */
    private static final String SCROLL =
            """
            () => new Promise((resolve) => {
              const room = document.getElementById("room");
              const frames = [];
              let last = performance.now();
              room.scrollTop = 0;
              const step = (now) => {
                frames.push(now - last);
                last = now;
                const before = room.scrollTop;
                room.scrollTop += 100;
                if (room.scrollTop === before) resolve(frames.slice(2));
                else requestAnimationFrame(step);
              };
              requestAnimationFrame(step);
            })
            """;

    /** Draws with previews as the page asks for them, or without any, and gives the seconds that the server counts. */
    private static final String DRAW =
            """
            async ([model, count, steps, previews]) => {
              const { draw } = await import("/js/jobs.js");
              const image = new Image();
              document.body.append(image);
              const show = ({ b64_json: text }) => { image.src = `data:image/png;base64,${text}`; };
              const body = { model, keep: false, request: { subject: { classes: Array(count).fill(3) }, canvas: { count, seed: 5 }, sampling: { steps } } };
              if (previews) body.previews = previews;
              const job = await draw(body, { preview: show });
              image.remove();
              return job.seconds;
            }
            """;

    @TempDir
    Path folder;

    private Studio studio;
    private BrowserContext first;
    private final List<String> rows = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        Path many = Files.createDirectories(folder.resolve("many"));
        Random random = new Random(7);
        for (int i = 0; i < PICTURES; i++) {
            PngFile.write(many.resolve(i + ".png"), picture(i, random));
        }
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(folder, Path.of(System.getProperty("studio.measure.runs", "runs")));
        }));
        first = Browsing.shared().browser.newContext();
        first.newPage().navigate(studio.address().toString());
    }

    @AfterEach
    void stop() throws IOException {
        first.close();
        studio.close();
        Path table = Path.of(System.getProperty("studio.measure"));
        Files.write(table, rows, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Somebody who was let in and whose browser has kept nothing else. */
    private BrowserContext fresh() {
        BrowserContext context = Browsing.shared()
                .browser
                .newContext(new Browser.NewContextOptions()
                        .setStorageState(first.storageState())
                        .setViewportSize(1280, 720));
        context.setDefaultTimeout(PATIENCE);
        return context;
    }

    private String base() {
        return "http://127.0.0.1:" + studio.port() + "/#/";
    }

    /** With structure, so that it is no quicker to show than a photograph. */
    private static BufferedImage picture(int number, Random random) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                float hue = number / 97f + (float) Math.sin((x + y * number % 31) / 29.0) / 5;
                image.setRGB(x, y, Color.HSBtoRGB(hue, 0.6f, 0.7f + random.nextFloat() * 0.2f));
            }
        }
        return image;
    }

    @Test
    void pages_are_painted() {
        for (int round = 0; round < 2; round++) { // the first warms the server
            rows.clear();
            ROOMS.forEach(this::measurePaint);
        }
        assertThat(rows).hasSize(ROOMS.size());
    }

    private void measurePaint(String room) {
        double[] painted = new double[OPENINGS];
        double[] headed = new double[OPENINGS];
        for (int i = 0; i < OPENINGS; i++) {
            try (BrowserContext context = fresh()) {
                Page page = context.newPage();
                page.addInitScript(HEADING);
                page.navigate(base() + room);
                page.locator("#room h1").waitFor();
                painted[i] =
                        number(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
                headed[i] = number(page.evaluate("window.headed"));
            }
        }
        row(
                "first paint of %s, nothing kept by the browser: median, longest; its heading is there: median, longest"
                        .formatted(room),
                "%.0f, %.0f ms; %.0f, %.0f ms",
                median(painted),
                max(painted),
                median(headed),
                max(headed));
    }

    @Test
    void a_gallery_is_scrolled() {
        try (BrowserContext context = fresh()) {
            Page page = context.newPage();
            page.navigate(base() + "gallery");
            page.locator(".cell").first().waitFor();
            for (String when : List.of("for the first time", "again")) {
                double[] frames = ((List<?>) page.evaluate(SCROLL))
                        .stream().mapToDouble(StudioMeasureTest::number).toArray();
                long late = Arrays.stream(frames).filter(each -> each > 50).count();
                row(
                        "a gallery of %d pictures is scrolled through %s: frames, of them above 50 ms; median, longest"
                                .formatted(PICTURES, when),
                        "%d, %d; %.1f, %.1f ms",
                        frames.length,
                        late,
                        median(frames),
                        max(frames));
            }
        }
    }

    @Test
    void previews_are_shown() {
        int count = 4;
        int steps = 100;
        try (BrowserContext context = fresh()) {
            Page page = context.newPage();
            page.navigate(base() + "lessons");
            page.locator("#room h1").waitFor();
            Map<?, ?> found =
                    (Map<?, ?>) page.evaluate("fetch('/studio/api/draw/models').then((answer) => answer.json())");
            String model = ((List<?>) found.get("models"))
                    .stream()
                            .map(each -> String.valueOf(((Map<?, ?>) each).get("name")))
                            .filter(name -> name.endsWith("quickstart"))
                            .findFirst()
                            .orElseThrow();
            page.evaluate("name => fetch('/studio/api/draw/models/' + name)", model);
            double before = number(page.evaluate(DRAW, List.of(model, count, steps, 0)));
            int previews = (int) Math.max(1, Math.min(50, Math.round(5 * before))); // as the page chooses them
            double[] with = new double[DRAWINGS];
            double[] without = new double[DRAWINGS];
            double[] more = new double[DRAWINGS];
            for (int i = 0; i < DRAWINGS; i++) {
                boolean isFirst = i % 2 == 0; // each has its turn before the other as often as after it
                with[i] = isFirst ? number(page.evaluate(DRAW, List.of(model, count, steps, previews))) : 0;
                without[i] = number(page.evaluate(DRAW, List.of(model, count, steps, 0)));
                with[i] = isFirst ? with[i] : number(page.evaluate(DRAW, List.of(model, count, steps, previews)));
                more[i] = 100 * (with[i] - without[i]) / with[i];
            }
            row(
                    "%d pictures of quickstart, %d steps, with %d previews of each and without: medians; the previews' share, median of pairs"
                            .formatted(count, steps, previews),
                    "%.3f, %.3f s; %.1f %%",
                    median(with),
                    median(without),
                    median(more));
        }
    }

    private void row(String what, String form, Object... figures) {
        rows.add("| " + what + " | " + String.format(Locale.ROOT, form, figures) + " |");
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static double max(double[] values) {
        return Arrays.stream(values).max().orElseThrow();
    }
}
