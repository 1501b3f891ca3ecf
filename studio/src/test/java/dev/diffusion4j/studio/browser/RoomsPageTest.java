// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every room, whatever it is for. */
class RoomsPageTest extends BrowserTest {
    @ParameterizedTest
    @ValueSource(strings = {"compare", "train", "data", "lessons"})
    void a_room_can_be_used_by_everybody_in_light_in_dark_and_on_a_phone(String room) {
        go(room);
        assertThat(page.locator("#room h1").first()).isVisible();
        page.waitForTimeout(400);
        assertAccessible(page, room + ", light");
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
        }
    }
}
