// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.image.PngFile;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The room that shows all pictures. */
class GalleryPageTest extends BrowserTest {
    private static final int MANY = 1000;

    /** A name that a page must show as it is. */
    private static final String SLY = "<img src=x onerror=alert(1)>.png";

    @BeforeEach
    void pictures() throws IOException {
        Path many = folder().resolve("many");
        if (!Files.exists(many)) {
            Files.createDirectories(many);
            for (int i = 0; i < MANY; i++) {
                BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
                for (int pixel = 0; pixel < 64; pixel++) {
                    float hue = i / 40f + (pixel % 8 + pixel / 8) / 60f;
                    image.setRGB(pixel % 8, pixel / 8, Color.HSBtoRGB(hue, 0.55f, 0.9f));
                }
                PngFile.write(many.resolve(i + ".png"), image);
            }
            Files.copy(many.resolve("0.png"), folder().resolve("pictures").resolve(SLY));
        }
        go("gallery");
        assertThat(page.locator(".cell").first()).isVisible();
    }

    private Locator button(String name) {
        return page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name));
    }

    @Test
    void of_a_thousand_pictures_those_that_are_seen_are_in_the_page() {
        assertThat(page.locator(".cell").count()).isLessThan(120);
        page.evaluate("document.getElementById('room').scrollTop = 1e6");
        page.waitForTimeout(100);
        assertThat(page.locator(".cell").count()).isBetween(5, 120);
        assertThat(page.locator(".cell img").last()).isVisible();
    }

    @Test
    void what_a_training_draws_is_shown_once_though_its_model_has_copies() throws IOException {
        Path run = folder().resolve("drawn-by-a-run");
        Files.createDirectories(run.resolve("model"));
        Files.writeString(run.resolve("recipe.yaml"), "name: once");
        Files.copy(folder().resolve("pictures/disc.png"), run.resolve("loss.png"));
        Files.copy(run.resolve("loss.png"), run.resolve("model/loss.png"));
        page.reload();
        page.getByLabel("Search").fill("drawn-by-a-run");
        assertThat(page.locator(".cell")).hasCount(1);
        AtomicFile.deleteTree(run);
    }

    @Test
    void a_name_with_markup_is_text() {
        page.getByLabel("Search").fill("onerror");
        assertThat(page.locator(".cell")).hasCount(1);
        page.locator(".shot").click();
        assertThat(page.locator(".facts")).containsText(SLY);
        assertThat(page.locator("dialog h2")).hasText(SLY);
        assertThat(page.locator("dialog img[src=x]")).hasCount(0);
    }

    @Test
    void a_picture_is_starred_thrown_away_and_had_back() {
        page.getByLabel("Search").fill("pictures/disc.png");
        assertThat(page.locator(".cell")).hasCount(1);
        page.locator(".shot").focus();
        page.keyboard().press("s");
        assertThat(page.locator(".starred")).hasCount(1);
        page.reload();
        page.getByLabel("Search").fill("pictures/disc.png");
        assertThat(page.locator(".starred")).hasCount(1);
        page.locator(".shot").focus();
        page.keyboard().press("Delete");
        assertThat(page.locator(".cell")).hasCount(0);
        assertThat(Files.exists(folder().resolve("pictures/disc.png"))).isFalse();
        button("Undo").click();
        assertThat(page.locator(".cell")).hasCount(1);
        assertThat(Files.exists(folder().resolve("pictures/disc.png"))).isTrue();
    }

    @Test
    void two_pictures_stand_side_by_side() {
        page.getByLabel("Search").fill("work/many/1");
        page.locator(".cell").first().hover();
        page.locator(".cell input").nth(0).check();
        page.locator(".cell input").nth(1).check();
        button("Side by side").click();
        assertThat(page.locator("dialog .beside img")).hasCount(2);
    }

    @Test
    void the_way_between_two_pictures_is_drawn_and_a_picture_of_it_can_be_drawn_again() throws IOException {
        drawn(770_001);
        drawn(770_009);
        page.reload();
        page.getByLabel("Search").fill("77000");
        assertThat(page.locator(".cell")).hasCount(2);
        page.locator(".cell").first().hover();
        page.locator(".cell input").nth(0).check();
        page.locator(".cell input").nth(1).check();
        button("Side by side").click();
        page.getByLabel("Pictures on the way", new Page.GetByLabelOptions().setExact(true))
                .fill("3");
        button("Draw the way between").click();
        assertThat(page.locator(".way .thumb:enabled")).hasCount(3);
        assertAccessible(page, "the way between two pictures");
        shoot(page, "way-light");
        page.setViewportSize(390, 844);
        assertThat((Integer) page.evaluate("document.querySelector('.dialog-body').scrollWidth"))
                .isLessThanOrEqualTo(390);
        shoot(page, "way-phone");
        page.setViewportSize(1280, 720);
        page.locator(".way .thumb").nth(1).click();
        assertThat(page.locator("dialog").last().locator(".facts")).containsText("50 % to seed 77000");
        String place = page.locator("dialog").last().locator(".facts dd").last().innerText();
        page.locator("dialog").last().getByText("Draw with these settings").click();
        assertThat(page.locator(".on-way")).containsText("50 % of the way to seed 77000");
        assertThat(page.locator("dialog[open]")).hasCount(0);
        button("Draw Ctrl").click();
        page.locator(".now .tile.finished").click();
        button("In the gallery").click();
        String again = page.locator("dialog .facts dd").last().innerText();
        assertThat(again).isNotEqualTo(place);
        assertThat(pixels(again)).isEqualTo(pixels(place));
    }

    /** Draws a picture of a seed, as the page asks for one. */
    private void drawn(int seed) {
        page.evaluate(
                """
                async (seed) => {
                  const model = "work/models/tiny-pipeline";
                  await fetch(`/studio/api/draw/models/${model}`); // which has the engine know it
                  const { draw } = await import("/js/jobs.js");
                  await draw({ model, request: { canvas: { seed }, sampling: { steps: 2 } } });
                }
                """,
                seed);
    }

    private static int[] pixels(String place) throws IOException {
        BufferedImage image = ImageIO.read(folder().resolveSibling(place).toFile());
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void it_can_be_used_by_everybody() {
        assertAccessible(page, "gallery, light");
        shoot(page, "gallery-light");
        page.locator(".shot").first().click();
        assertAccessible(page, "a picture, light");
        shoot(page, "picture-light");
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            phone.evaluate("location.hash = '#/gallery'");
            assertThat(phone.locator(".cell").first()).isVisible();
            assertAccessible(phone, "gallery, dark, phone");
            shoot(phone, "gallery-phone");
        }
    }
}
