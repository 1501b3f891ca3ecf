// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.serve.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The documents are the pages: what stands in them is shown, and what could run is not. */
class LessonPageTest {
    private static List<MatchResult> all(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().toList();
    }

    private static String html(LessonPage page) {
        return page.steps().stream().map(LessonPage.Step::html).collect(Collectors.joining());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = LessonPageTest.class.getResourceAsStream(name)) {
            assertThat(in).as(name).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2", "3", "4", "5"})
    void a_page_has_steps_controls_that_there_are_and_pictures_that_there_are(String number) throws IOException {
        LessonPage page = LessonPage.read(number);
        assertThat(page.title()).startsWith(number + ". ");
        assertThat(page.steps()).hasSizeGreaterThan(4);
        String html = html(page);
        Set<String> controls = all("(?m)^  (\\w+): \\[\\[", resource("/studio/rooms/lessons/live.js")).stream()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        List<MatchResult> live = all("class=\"live\" data-live=\"(\\w+)\" data-with=\"([^\"]*)\"", html);
        assertThat(live).isNotEmpty();
        for (MatchResult place : live) {
            assertThat(controls).contains(place.group(1));
            if (place.group(1).equals("train")) {
                assertThat(LessonRun.of(place.group(2)).isShort()).isTrue();
            }
        }
        List<MatchResult> pictures = all("<img src=\"([^\"]*)\"", html);
        assertThat(pictures).isNotEmpty();
        for (MatchResult picture : pictures) {
            assertThat(picture.group(1)).startsWith(LessonsRoom.PICTURES);
            assertThat(resource("/lessons/pictures/" + picture.group(1).substring(LessonsRoom.PICTURES.length())))
                    .isNotEmpty();
        }
        assertThat(html).contains("<pre><code class=\"language-java\">").doesNotContain("<!--", "from: examples");
    }

    @Test
    void markup_in_a_page_is_shown_as_text() {
        LessonPage page = LessonPage.of(
                "# A <b>title</b>\n\n<img src=x onerror=alert(1)>\n\nand <script>alert(2)</script> here\n\n## Step\n\n"
                        + "[other](2.md) [file](../recipes.md#x) [bad](javascript:alert(3)) ![p](https://elsewhere/p.png)\n\n"
                        + "<!-- live: train quickstart -->\n![a \"quote\"](../images/lessons/a.png)\n\n| a |\n|---|\n| 1 |\n");
        String html = html(page);
        assertThat(html)
                .doesNotContain("<script", "<img src=x", "javascript", "elsewhere")
                .contains("&lt;script&gt;", "&lt;img src=x onerror=alert(1)&gt;")
                .contains("<a href=\"#/lessons/2\">other</a>", "docs/recipes.md#x")
                .contains("data-live=\"train\" data-with=\"quickstart\"")
                .contains(LessonsRoom.PICTURES + "a.png\"", "<span class=\"caption\">a &quot;quote&quot;</span>")
                .contains("<td>1</td>");
        assertThat(page.steps()).extracting(LessonPage.Step::title).containsExactly(page.title(), "Step");
        assertThatThrownBy(() -> LessonPage.read("../1")).isInstanceOf(Refusal.class);
        assertThatThrownBy(() -> LessonPage.read("6")).hasMessageContaining("there is no lesson 6");
    }
}
