// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.JSHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The room of data sets. */
class DataPageTest extends BrowserTest {
    private static final String EVIL = "<img src=x onerror=\"document.body.dataset.evil=1\"> a disc";

    private Path pets;

    @BeforeEach
    void fill() throws IOException {
        pets = Files.createDirectory(folder().resolve("pets"));
        for (String name : new String[] {"cats/one.png", "cats/twin.png", "dogs/two.png"}) {
            Files.createDirectories(pets.resolve(name).getParent());
            Files.copy(folder().resolve("pictures/disc.png"), pets.resolve(name));
        }
        Files.writeString(pets.resolve("dogs/broken.png"), "no picture");
        go("data?source=folder:work/pets");
        assertThat(cards()).hasCount(4);
    }

    @AfterEach
    void empty() throws IOException {
        dev.diffusion4j.base.AtomicFile.deleteTree(pets);
    }

    private Locator cards() {
        return page.locator(".data-card");
    }

    private Locator caption(String name) {
        return page.getByLabel("Caption of " + name);
    }

    @Test
    void a_caption_is_edited_in_place_and_stays_text() throws IOException {
        caption("cats/one.png").fill(EVIL);
        caption("cats/one.png").press("Control+Enter");
        assertThat(page.getByText("Saved")).isVisible();
        page.reload();
        assertThat(caption("cats/one.png")).hasValue(EVIL);
        assertThat(page.locator("[data-evil]")).hasCount(0);
        assertThat(page.locator("img[onerror]")).hasCount(0);
        assertThat(Files.readString(pets.resolve("metadata.jsonl"))).contains("cats/one.png", "a disc");
        page.locator(".data-open[aria-label='Look at cats/one.png']").click();
        assertThat(page.locator("dialog img")).hasCount(2);
        await("[...document.querySelectorAll('dialog img')].every(each => each.naturalWidth > 0)");
        assertAccessible(page, "a picture of a data set");
        page.keyboard().press("Escape");
    }

    @Test
    void a_caption_that_is_being_typed_is_there_after_a_refresh_and_saved_when_asked_for() {
        caption("cats/one.png").fill("half a sen");
        page.reload();
        assertThat(caption("cats/one.png")).hasValue("half a sen");
        assertThat(caption("cats/one.png")).hasAttribute("title", Pattern.compile("Not saved yet.*"));
        assertThat(caption("cats/twin.png")).hasValue("");
        assertThat(pets.resolve("metadata.jsonl")).doesNotExist();
        caption("cats/one.png").press("Control+Enter");
        assertThat(page.getByText("Saved")).isVisible();
        caption("cats/twin.png").fill("another");
        caption("cats/twin.png").press("Escape");
        page.reload();
        assertThat(caption("cats/one.png")).hasValue("half a sen");
        assertThat(caption("cats/one.png")).hasAttribute("title", "");
        assertThat(caption("cats/twin.png")).hasValue("");
    }

    @Test
    void pictures_are_dropped_and_all_of_them_checked() throws IOException {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("dogs 2"))
                .click();
        assertThat(cards()).hasCount(2);
        assertThat(page.getByText("cannot be read")).isVisible();
        String bytes = Base64.getEncoder().encodeToString(Files.readAllBytes(folder().resolve("pictures/disc.png")));
        JSHandle files = page.evaluateHandle(
                """
                bytes => {
                  const data = new DataTransfer();
                  const file = (text, name) => new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name, { type: "image/png" });
                  data.items.add(file(bytes, "../new.png"));
                  data.items.add(file(btoa("no picture"), "bad.png"));
                  return data;
                }
                """,
                bytes);
        page.locator(".data-drop").dispatchEvent("drop", Map.of("dataTransfer", files));
        assertThat(cards()).hasCount(3);
        assertThat(page.getByText("this is no picture that can be read")).isVisible();
        assertThat(pets.resolve("dogs/new.png")).exists();
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Check all pictures"))
                .click();
        assertThat(page.getByText("1 cannot be read")).isVisible();
        assertThat(page.locator(".twins")).hasCount(1);
        assertThat(page.locator(".twin")).hasCount(4);
        assertAccessible(page, "a data set");
        shoot(page, "data");
    }

    @Test
    void a_high_window_is_filled() {
        try (var visitor = visitor(ColorScheme.LIGHT, 1280, 9000)) {
            Page high = visitor.newPage();
            high.navigate(studio().address().toString());
            high.evaluate("location.hash = '#/data?source=digits'");
            high.waitForCondition(() -> Boolean.TRUE.equals(high.evaluate(
                    "(document.querySelector('.data-more')?.getBoundingClientRect().top ?? 0) > innerHeight")));
        }
    }

    @Test
    void a_room_that_was_left_does_not_take_the_address() {
        List<Route> held = new ArrayList<>();
        page.route("**/studio/api/data/sets", held::add);
        go("gallery");
        go("data");
        page.waitForCondition(() -> !held.isEmpty());
        go("gallery");
        page.waitForResponse("**/studio/api/data/sets", () -> List.copyOf(held).forEach(Route::resume));
        page.waitForTimeout(200); // nothing is to happen
        assertThat(page.url()).endsWith("#/gallery");
    }

    @Test
    void the_room_is_readable_in_the_dark_and_on_a_phone() {
        try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
            Page phone = visitor.newPage();
            phone.navigate(studio().address().toString());
            phone.evaluate("location.hash = '#/data?source=digits'");
            assertThat(phone.locator(".data-card").first()).isVisible();
            assertAccessible(phone, "data, dark, on a phone");
            assertThat((Boolean) phone.evaluate("document.querySelector('#room').scrollWidth <= innerWidth"))
                    .as("nothing is wider than the phone")
                    .isTrue();
            shoot(phone, "data-phone");
        }
    }
}
