// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The room that compares. */
class ComparePageTest extends BrowserTest {
    private static final String TABLE =
            """
            {"rows": [
             {"model": "a", "scheduler": "ddim", "steps": 5, "guidance_scale": 1.0, "seed": 0, "pictures": 8, "seconds": 0.8,
              "figures": [{"metric": "kid", "value": 0.05, "n": 8, "n_reference": 100, "extractor": "tiny", "size": 8, "reference": "digits"}]},
             {"model": "a", "scheduler": "ddim", "steps": 20, "guidance_scale": 1.0, "seed": 0, "pictures": 8, "seconds": 3.2,
              "figures": [{"metric": "kid", "value": 0.02, "n": 8, "n_reference": 100, "extractor": "tiny", "size": 8, "reference": "digits"}]}]}
            """;

    private Locator value(String axis) {
        return page.locator("[data-field=axis-" + axis + "] input");
    }

    @Test
    void two_schedulers_are_compared_over_steps_beside_what_was_measured() throws IOException {
        Path table = Files.createDirectories(folder().resolve("which")).resolve("compare.json");
        Files.writeString(table, TABLE);
        go("compare");
        value("x").fill("2, 4");
        page.locator("[data-field=axis-y] select").selectOption("scheduler");
        value("y").fill("ddim, euler");
        assertThat(page.locator(".axes .hint").last()).containsText("4 pictures");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Draw the grid"))
                .click();
        assertThat(page.locator(".slot.finished")).hasCount(4);
        assertThat(page.locator(".sheet th[scope=row]").last()).containsText("Scheduler euler");
        assertThat(page.getByText("kid: judged by tiny, 8 pictures, against 100 of digits"))
                .isVisible();
        assertAccessible(page, "compare, light");
        shoot(page, "compare-light");
        try (var visitor = visitor(ColorScheme.DARK, 1280, 720)) {
            Page dark = visitor.newPage();
            dark.navigate(studio().address().toString());
            dark.evaluate("location.hash = '#/compare'");
            assertThat(dark.locator(".axes .primary")).isVisible();
            assertAccessible(dark, "compare, dark");
            shoot(dark, "compare-dark");
        }
        Files.delete(table);
    }
}
