// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A lesson is walked through from its start to its end. */
class LessonsPageTest extends BrowserTest {
    private static final double LONG = 90_000;

    /** A run of lesson one that was stopped after the second of its six steps. */
    private static void begunRun() {
        Path run = folder().resolve("runs/quickstart");
        if (Files.exists(run)) {
            return;
        }
        Recipe recipe = Recipes.load("quickstart", List.of("training.max_steps=6", "samples.every_steps=3"));
        AtomicInteger asked = new AtomicInteger();
        TrainingRun.start(recipe, run).run(new RunListener() {}, () -> asked.incrementAndGet() > 2);
    }

    private Locator button(String name) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name));
    }

    private void isAt(String title) {
        assertThat(page.locator(".lesson-title")).hasText(title);
    }

    @Test
    void lesson_one_from_start_to_end() {
        begunRun();
        go("lessons/1");
        isAt("1. What diffusion is");
        assertAccessible(page, "a lesson's beginning");
        button("Next").click();

        isAt("Noise on a picture");
        Locator said = page.locator(".live [role=status]");
        assertThat(said).containsText("ᾱ =");
        String before = said.textContent();
        page.getByLabel("Schedule of β").selectOption("linear");
        assertThat(said).not().hasText(before);
        page.getByLabel("Timestep t", new Page.GetByLabelOptions().setExact(true))
                .fill("990");
        assertThat(said).containsText("100 % noise");
        page.locator(".live input[type=file]").setInputFiles(folder().resolve("pictures/disc.png"));
        assertThat(page.locator("img[alt='the clean picture']")).isVisible();
        assertAccessible(page, "noise, light");
        shoot(page, "lesson-noise");
        button("Next").click();

        isAt("How fast the picture drowns");
        assertThat(page.getByText("linear:0.001-0.004: ᾱ ends at 0.082")).isVisible();
        shoot(page, "lesson-schedules");
        button("Next").click();
        isAt("What the network is asked");
        page.keyboard().press("ArrowRight");

        isAt("Train one");
        button("Go on").click();
        assertThat(page.locator(".training [role=status]"))
                .containsText(
                        "done",
                        new com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions()
                                .setTimeout(LONG));
        assertThat(page.locator(".training .sample")).hasAttribute("alt", Pattern.compile("after 6 steps"));
        assertAccessible(page, "a trained network");
        shoot(page, "lesson-train");
        button("Next").click();

        isAt("One step forward, one step back");
        assertThat(page.locator("img[alt='what the network takes it for']")).isVisible();
        shoot(page, "lesson-step");
        page.reload();
        isAt("One step forward, one step back");
        button("Next").click();

        isAt("From nothing but noise");
        cancelADrawing();
        page.locator(".live button.primary").click();
        assertThat(page.locator("img[alt='the finished digit']"))
                .isVisible(
                        new com.microsoft.playwright.assertions.LocatorAssertions.IsVisibleOptions().setTimeout(LONG));
        button("Next").click();
        isAt("Keep it, share it");
        button("Next").click();
        isAt("Go on");
        page.keyboard().press("ArrowLeft");
        isAt("Keep it, share it");
        button("Next").click();
        page.getByRole(AriaRole.LINK, new Page.GetByRoleOptions().setName("Lesson 2"))
                .click();
        isAt("2. Fine-tuning and guidance");
        assertThat(page.locator(".lesson-link").first().locator(".bar"))
                .hasAttribute("aria-label", "9 of 9 steps seen");
    }

    /** One of whose end the page never hears. */
    private void cancelADrawing() {
        List<Route> held = new ArrayList<>();
        page.route("**/api/v1/jobs/*/events*", held::add);
        page.locator(".live button.primary").click();
        page.waitForCondition(() -> !held.isEmpty());
        button("Cancel").click();
        assertThat(page.locator(".live button.primary")).isEnabled();
        assertThat(page.locator(".live .notice.bad")).isHidden();
        page.unroute("**/api/v1/jobs/*/events*");
        held.forEach(Route::abort);
    }

    @Test
    void a_step_with_two_trainings_says_which_is_begun_and_has_each_once() {
        go("lessons/4/4");
        isAt("Train with an eye on it");
        assertThat(page.locator(".training button.primary"))
                .hasText(new String[] {"Train digit-classifier", "Train flowers-continuous-lesson"});
    }

    @Test
    void the_heading_of_a_step_waits_for_none_of_its_controls() {
        List<Route> held = new ArrayList<>();
        try (var visitor = visitor(ColorScheme.LIGHT, 1280, 720)) {
            visitor.route("**/rooms/lessons/*.js", held::add);
            Page fresh = visitor.newPage();
            fresh.navigate(studio().address().toString());
            fresh.evaluate("location.hash = '#/lessons/1/1'");
            assertThat(fresh.locator(".lesson-text")).containsText("can draw");
            fresh.locator(".lesson-turn .primary").click();
            assertThat(fresh.locator(".lesson-title")).hasText("Noise on a picture");
            assertThat(fresh.locator(".lesson-text")).hasCount(0); // it comes with its control, and does not move then
            visitor.unroute("**/rooms/lessons/*.js");
            held.forEach(Route::resume);
            assertThat(fresh.locator(".live [role=status]")).containsText("ᾱ =");
        }
    }

    @Test
    void every_step_of_every_lesson_is_shown_to_anybody() {
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            for (int lesson = 1; lesson <= 5; lesson++) {
                phone.evaluate("number => { location.hash = `#/lessons/${number}/1`; }", lesson);
                assertThat(phone.locator(".lesson-title")).containsText(lesson + ". ");
                assertThat(phone.locator(".lesson-link.here > a")).isInViewport();
                int steps = phone.locator(".lesson-steps li").count();
                for (int step = 2; step <= steps; step++) {
                    String shown = phone.locator(".lesson-title").textContent();
                    phone.locator(".lesson-turn .primary").click();
                    assertThat(phone.locator(".lesson-title")).not().hasText(shown);
                }
                assertAccessible(phone, "the end of lesson " + lesson + ", dark, on a phone");
                shoot(phone, "lesson-" + lesson + "-phone");
            }
        }
    }
}
