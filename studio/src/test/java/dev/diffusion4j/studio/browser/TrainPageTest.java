// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions.HasTextOptions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.recipe.RunFolder;
import dev.diffusion4j.recipe.RunWorker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The room of trainings. */
class TrainPageTest extends BrowserTest {
    private static final double LONG = 90_000;

    private Path run;

    @AfterEach
    void stopWhatIsLeft() {
        if (run != null && RunWorker.of(run).filter(RunWorker::isAtWork).isPresent()) {
            new RunFolder(run).stop();
        }
    }

    private Locator field(String key) {
        return page.locator("[data-field='" + key + "']");
    }

    private void fill(String key, String value) {
        field(key).locator("input").fill(value);
    }

    private void press(String name) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name))
                .first()
                .click();
    }

    private void awaitState(String state) {
        assertThat(page.locator(".run-head .tag")).hasText(state, new HasTextOptions().setTimeout(LONG));
    }

    private void fillTiny(String name) {
        fill("data.image_size", "8");
        fill("training.epochs", "100000");
        fill("training.max_steps", "100000");
        fill("training.batch_size", "4");
        fill("samples.every_steps", "40");
        field("training.dtype").locator("select").selectOption("f32");
        page.locator("details[data-group=model] > summary").click();
        fill("model.config.block_out_channels", "[16, 16]");
        fill("model.config.norm_num_groups", "8");
        page.locator("details[data-group=data] > summary").click();
        fill("data.limit", "64");
        fill("name", name);
    }

    @Test
    void a_training_is_begun_watched_stopped_gone_on_with_and_drawn_from() throws IOException {
        run = Files.createDirectories(folder().resolve("runs"))
                .resolve("learnt"); // where runs are, if there is such a folder
        go("train");
        press("New training");
        fillTiny("learnt");
        assertThat(page.locator(".chart-head [role=status]")).containsText("changed");
        fill("training.batch_size", "0");
        press("Start training");
        assertThat(field("training.batch_size").locator(".fault")).containsText("must lie in [1, 1048576]");
        assertAccessible(page, "a form of a training");
        shoot(page, "train-form");
        fill("training.batch_size", "4");
        page.locator("h1").click(); // away from the form
        page.keyboard().press("Control+Enter");
        awaitState("running");
        assertThat(page.locator(".grid-image[src]"))
                .isVisible(
                        new com.microsoft.playwright.assertions.LocatorAssertions.IsVisibleOptions().setTimeout(LONG));
        assertThat(page.locator(".figure dd").nth(1)).not().hasText("–");
        page.reload(); // nothing is lost
        awaitState("running");
        assertThat(page.locator(".grid-image[src]")).isVisible();
        assertAccessible(page, "a training");
        shoot(page, "train-run");
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            phone.evaluate("location.hash = '#/train'");
            assertThat(phone.locator(".grid-image[src]")).isVisible();
            assertAccessible(phone, "a training, dark, on a phone");
            shoot(phone, "train-run-phone");
        }

        press("Stop");
        awaitState("stopped");
        Locator checkpoint = page.locator(".chip");
        assertThat(checkpoint.last()).isVisible();
        press("Resume");
        awaitState("running");
        press("Stop");
        awaitState("stopped");
        checkpoint.last().click();
        page.waitForURL(Pattern.compile(".*#/draw\\?model=.*"), new Page.WaitForURLOptions().setTimeout(LONG));
        assertThat(page.url()).contains("work%2Fruns%2Flearnt%2Fmodels%2Fstep-");
    }

    @Test
    void the_names_of_runs_stay_text() throws IOException {
        String evil = "<img src=x onerror=\"document.body.dataset.evil=1\">";
        Path named = Files.createDirectory(folder().resolve(evil));
        Files.writeString(named.resolve("recipe.yaml"), "name: '" + evil + "'");
        Files.writeString(
                named.resolve(".lock"),
                "{\"pid\": 1, \"started\": \"2020-01-01T00:00:00Z\", \"end\": \"failed\", \"reason\": \""
                        + evil.replace("\"", "'") + "\"}");
        go("train");
        page.locator(".run-name")
                .filter(new Locator.FilterOptions().setHasText(evil))
                .click();
        assertThat(page.locator(".run-title")).hasText(evil);
        awaitState("failed");
        assertThat(page.locator(".run .notice")).containsText("onerror");
        assertThat(page.locator("[data-evil], img[onerror]")).hasCount(0);
        dev.diffusion4j.base.AtomicFile.deleteTree(named);
    }

    @Test
    void the_room_is_readable_in_the_dark_and_on_a_phone() {
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            phone.evaluate("location.hash = '#/train?new=butterflies-32'");
            assertThat(phone.locator("[data-field='data.source'] input")).isVisible();
            assertAccessible(phone, "the form, dark, on a phone");
            assertThat((Boolean) phone.evaluate("document.querySelector('#room').scrollWidth <= innerWidth"))
                    .as("nothing is wider than the phone")
                    .isTrue();
            shoot(phone, "train-form-phone");
        }
    }
}
