// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.studio.demo.Demo;
import dev.diffusion4j.studio.demo.DemoGuide;
import dev.diffusion4j.studio.demo.DemoPack;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a packed demo: its two examples are clicked. */
class DemoPageTest extends BrowserTest {
    @TempDir
    Path folder;

    /** {@code -Ddemo.model=FOLDER} takes another model, for a picture to look at. */
    private static Path model() {
        String given = System.getProperty("demo.model", "");
        return given.isBlank() ? folder().resolve("models/tiny-sd") : Path.of(given);
    }

    @Test
    void the_two_examples_draw() {
        Path packed = folder.resolve("demo");
        DemoPack.write(model(), DemoGuide.COLOR, null, List.of(), packed, HubProgress.SILENT);
        try (Demo demo = Demo.start(packed, "127.0.0.1", 0)) {
            page.navigate(demo.address().toString());
            assertThat(page.getByLabel("color", new Page.GetByLabelOptions().setExact(true)))
                    .hasValue("#55ffaa");
            assertThat(page.getByLabel("guidance_scale")).hasValue("3");
            assertAccessible(page, "a demo before anything is drawn");
            draw("#BB2266", "3");
            assertThat(packed.resolve("test.jpeg")).isNotEmptyFile();
            pressesTwiceAndDrawsOnce();
            draw("#44CCAA", "5");
            assertAccessible(page, "a demo, light");
            shoot(page, "demo");
            try (var visitor = visitor(ColorScheme.DARK, 390, 844)) {
                Page phone = visitor.newPage();
                phone.navigate(demo.address().toString());
                assertThat(phone.getByText("guidance_scale").first()).isVisible();
                assertAccessible(phone, "a demo, dark, on a phone");
                shoot(phone, "demo-phone");
            }
        }
    }

    private void pressesTwiceAndDrawsOnce() {
        List<String> begun = new ArrayList<>();
        page.onRequest(request -> {
            if (request.method().equals("POST")) {
                begun.add(request.url());
            }
        });
        page.evaluate(
                """
                () => {
                  const press = () => dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
                  press();
                  press();
                }""");
        assertThat(page.locator("#about")).containsText(", seed");
        assertThat(begun).hasSize(1);
    }

    private void draw(String colour, String scale) {
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Draw " + colour + ", " + scale))
                .click();
        assertThat(page.locator("#about")).containsText("color " + colour + ", guidance_scale " + scale + ", seed");
        assertThat(page.locator("#result")).isVisible();
        assertThat(page.getByLabel("guidance_scale")).hasValue(scale);
    }
}
