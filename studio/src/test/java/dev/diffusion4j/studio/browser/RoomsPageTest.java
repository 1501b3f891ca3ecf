// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.LoadState;
import dev.diffusion4j.base.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every room, whatever it is for. */
class RoomsPageTest extends BrowserTest {
    /** Keeps what moves by itself: how much, and which elements. */
    private static final String SHIFTS =
            """
            window.shifts = [];
            new PerformanceObserver((list) => {
              for (const each of list.getEntries()) {
                if (each.hadRecentInput) continue;
                const what = each.sources.map(({ node, previousRect: a, currentRect: b }) =>
                  `${node?.nodeName}.${node?.className} ${a.x},${a.y},${a.width},${a.height} to ${b.x},${b.y},${b.width},${b.height}`);
                window.shifts.push({ value: each.value, what });
              }
            }).observe({ type: "layout-shift", buffered: true });
            """;

    @ParameterizedTest
    @ValueSource(strings = {"compare", "train", "data", "lessons"})
    void a_room_can_be_used_by_everybody_in_light_in_dark_and_on_a_phone(String room) {
        go(room);
        assertThat(page.locator("#room h1").first()).isVisible();
        page.waitForTimeout(400);
        assertAccessible(page, room + ", light");
        shoot(page, room + "-light");
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
        page.waitForTimeout(200);
        shoot(page, room + "-dark");
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            phone.evaluate("room => { location.hash = '#/' + room; }", room);
            assertThat(phone.locator("#room[data-shown='#/" + room + "'] h1").first())
                    .isVisible();
            phone.waitForTimeout(400);
            assertAccessible(phone, room + ", dark, phone");
            assertThat((Integer) phone.evaluate("document.documentElement.scrollWidth"))
                    .isLessThanOrEqualTo(390);
            shoot(phone, room + "-phone");
            phone.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.LIGHT));
            phone.waitForTimeout(200);
            shoot(phone, room + "-phone-light");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"draw", "gallery", "compare", "train", "train?new=quickstart", "data", "lessons"})
    void nothing_moves_while_a_room_opens_on_a_desktop_or_a_phone(String room) {
        assertStill(room);
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "train?new=quickstart"})
    void nor_does_anything_where_there_are_trainings(String room) throws IOException {
        Path runs = folder().resolve("still");
        for (int run = 1; run <= 4; run++) {
            fillRun(runs.resolve("run-" + run));
        }
        try {
            page.waitForCondition(() -> knowsRun("work/still/run-4"));
            assertStill(room);
        } finally {
            AtomicFile.deleteTree(runs);
            page.waitForCondition(() -> !knowsRun("work/still")); // for those that come after
        }
    }

    private boolean knowsRun(String place) {
        return json("/studio/api/train/runs").toString().contains(place);
    }

    /** A training that failed, with everything that its page shows. */
    private static void fillRun(Path run) throws IOException {
        Files.createDirectories(run.resolve("samples"));
        Files.writeString(run.resolve("recipe.yaml"), "name: still");
        Files.writeString(
                run.resolve(".lock"),
                "{\"pid\": 1, \"started\": \"2020-01-01T00:00:00Z\", \"end\": \"failed\", \"reason\": \"no memory\"}");
        Files.writeString(run.resolve("metrics.jsonl"), "{\"step\": 1, \"loss\": 1.5}\n{\"step\": 2, \"loss\": 0.5}\n");
        Files.copy(folder().resolve("pictures/disc.png"), run.resolve("samples/step-000002.png"));
    }

    private void assertStill(String room) {
        for (int[] size : new int[][] {{1280, 720}, {390, 844}}) {
            try (var visitor = visitor(ColorScheme.LIGHT, size[0], size[1])) {
                Page fresh = visitor.newPage();
                fresh.navigate(studio().address().toString()); // which lets the visitor in
                fresh.navigate("about:blank");
                fresh.addInitScript(SHIFTS);
                fresh.navigate("http://127.0.0.1:" + studio().port() + "/#/" + room);
                fresh.locator("#room[data-shown] h1").first().waitFor();
                fresh.waitForLoadState(LoadState.LOAD);
                fresh.waitForTimeout(1000); // whatever it still fetches
                assertThat(((Number) fresh.evaluate("shifts.reduce((sum, each) => sum + each.value, 0)")).doubleValue())
                        .as(
                                "what moves in %s, at %d pixels: %s",
                                room, size[0], fresh.evaluate("JSON.stringify(shifts)"))
                        .isLessThan(0.05);
            }
        }
    }

    @Test
    void light_and_dark_are_switched_by_hand_on_a_phone_too_and_stay() {
        try (var visitor = visitor(ColorScheme.DARK, 320, 568)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            assertThat(phone.locator("body")).hasCSS("background-color", "rgb(14, 17, 21)");
            assertThat(accent(phone)).isEqualTo("#8badff");
            phone.getByLabel("Light or dark").click();
            assertThat(phone.locator("body")).hasCSS("background-color", "rgb(244, 245, 247)");
            assertThat(accent(phone)).isEqualTo("#2c57c9");
            assertThat((Boolean) phone.evaluate(
                            "(rail => rail.scrollWidth <= rail.clientWidth)(document.querySelector('.rail'))"))
                    .as("all rooms and the switch are within reach")
                    .isTrue();
            Page other = visitor.newPage();
            other.navigate("http://127.0.0.1:" + studio().port() + "/");
            assertThat(other.locator("body")).hasCSS("background-color", "rgb(244, 245, 247)");
            other.getByLabel("Light or dark").click();
            assertThat(phone.locator("body")).hasCSS("background-color", "rgb(14, 17, 21)");
        }
    }

    @Test
    void a_connection_that_was_lost_is_said_until_it_is_back() {
        assertThat(page.locator(".estimate"))
                .containsText(Pattern.compile("about|no estimate")); // nothing is on its way
        page.route("**/studio/api/**", Route::abort);
        go("data");
        assertThat(page.locator(".banner")).containsText("does not answer");
        page.unroute("**/studio/api/**");
        go("gallery");
        assertThat(page.locator(".banner")).hasCount(0);
    }

    @Test
    void a_page_that_only_listens_says_that_the_studio_is_lost_and_that_it_is_locked() {
        page.route("**/studio/api/train/events*", Route::abort);
        page.route("**/studio/api/folders", Route::abort);
        go("train");
        assertThat(page.locator(".banner")).containsText("does not answer");
        page.unroute("**/studio/api/train/events*");
        page.unroute("**/studio/api/folders");
        assertThat(page.locator(".banner")).hasCount(0);
        page.route("**/studio/api/train/events*", Route::abort);
        page.route(
                "**/studio/api/folders",
                route -> route.fulfill(new Route.FulfillOptions().setStatus(401).setBody("")));
        page.reload();
        assertThat(page.locator(".banner")).containsText("was started anew");
    }

    @Test
    void the_numbers_of_a_logarithmic_axis_do_not_touch() {
        Object written = page.evaluate(
                """
                async () => {
                  const { logarithmic } = await import("/js/widgets.js");
                  const { afterBuildTicks, ticks } = logarithmic("#000");
                  const values = [0.9, 1, 1.05, 1.1, 1.15, 1.2, 1.25];
                  const axis = { min: 0.9, max: 1.25, maxHeight: 100, isHorizontal: () => false, ticks: values.map((value) => ({ value })) };
                  afterBuildTicks(axis);
                  return axis.ticks.map(({ value }) => ticks.callback(value)).join(" ");
                }
                """);
        assertThat(written).isEqualTo("0.9 1 1.1 1.2");
    }

    /** What a canvas is painted with. */
    private static String accent(Page page) {
        return String.valueOf(page.evaluate("import('/js/widgets.js').then(({ colour }) => colour('--accent'))"));
    }

    @Test
    void each_colour_is_written_once() {
        String styles = (String)
                page.evaluate("Promise.all(['studio', 'train', 'lessons'].map(name => fetch(`/css/${name}.css`)"
                        + ".then(answer => answer.text()))).then(all => all.join(''))");
        List<String> named = Pattern.compile("(--[\\w-]+):")
                .matcher(styles)
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(named).contains("--bg", "--chart-6").doesNotHaveDuplicates();
    }
}
