// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.JSHandle;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What tests of the room where pictures are drawn share. */
abstract class DrawPage extends BrowserTest {
    protected static final String TEXT = "work/models/tiny-sd";
    protected static final String PLAIN = "work/models/tiny-pipeline";

    protected void choose(String model) {
        go("draw");
        page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption(model);
        assertThat(page.locator(".room-draw [aria-busy]")).hasCount(0); // its form is there
        assertThat(page.locator(".estimate")).containsText(Pattern.compile("about|no estimate"));
    }

    protected void write(String label, String text) {
        page.getByLabel(label, new Page.GetByLabelOptions().setExact(true)).fill(text);
    }

    protected Locator button(String name) {
        return page.getByRole(
                com.microsoft.playwright.options.AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name));
    }

    /** Drops a file on the window. */
    protected void drop(byte[] file, String name) {
        JSHandle data = page.evaluateHandle(
                """
                ([text, name]) => {
                  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                  const transfer = new DataTransfer();
                  transfer.items.add(new File([bytes], name, { type: "image/png" }));
                  return transfer;
                }""",
                List.of(Base64.getEncoder().encodeToString(file), name));
        page.dispatchEvent(".room-draw .stage", "drop", Map.of("dataTransfer", data));
    }
}
