// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.FilePayload;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** The room where pictures are drawn. */
class DrawPageTest extends DrawPage {
    @Test
    void a_prompt_is_drawn_with_previews_and_kept_with_its_note() throws IOException {
        choose(TEXT);
        write("Prompt", "a red cat");
        assertThat(page.locator(".tokens")).containsText("3 of");
        write("Negative prompt", "blue");
        assertThat(page.locator(".negative-tokens")).containsText(" of ");
        write("Steps", "12");
        write("Seed", "41");
        page.keyboard().press("Control+Enter");
        assertThat(page.locator(".now .tile img").first()).isVisible();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        assertThat(page.locator(".now .tile.finished")).hasCount(1);
        await("Object.values(JSON.parse(localStorage['studio.speed'] ?? '{}'))[0] > 0"); // a step's seconds
        Path file;
        try (Stream<Path> drawn = Files.list(folder().resolve("drawn"))) {
            file = drawn.filter(each -> PngFile.readNotes(each).toString().contains("a red cat"))
                    .findFirst()
                    .orElseThrow();
        }
        assertThat(PngFile.readNotes(file).toString()).contains("a red cat", "41", "tiny-sd");
        shoot(page, "draw-light");
    }

    @Test
    void a_model_is_chosen_by_a_picture_that_it_drew() throws IOException {
        choose(TEXT);
        Path model = folder().resolve("models/tiny-pipeline");
        Files.copy(folder().resolve("pictures/disc.png"), model.resolve("samples.png"));
        Files.writeString(model.resolve("README.md"), "# Tiny\n\n![What it draws](samples.png)\n");
        page.reload();
        button("Choose a model by its picture").click();
        Locator card = page.locator(".model-card", new Page.LocatorOptions().setHasText(PLAIN));
        assertThat(card.locator("img")).isVisible();
        assertAccessible(page, "the models by their pictures");
        shoot(page, "models-light");
        card.focus();
        page.keyboard().press("Enter");
        assertThat(page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)))
                .hasValue(PLAIN);
        assertThat(page.locator(".model-look img")).isVisible();
        Files.delete(model.resolve("samples.png"));
        Files.delete(model.resolve("README.md"));
    }

    @Test
    void a_long_drawing_is_cancelled_by_escape() {
        choose(TEXT);
        write("Prompt", "a dog");
        write("Steps", "900");
        write("Pictures", "12");
        page.locator(".go button").click();
        assertThat(page.locator(".now-head .cancel")).isVisible();
        assertThat(page.locator(".now-head")).containsText("of 90");
        page.locator(".now-head").click();
        page.keyboard().press("Escape");
        assertThat(page.locator(".now-head")).containsText("cancelled");
    }

    @Test
    void those_that_wait_are_reordered_and_seen_by_another_tab_and_after_a_refresh() {
        choose(TEXT);
        write("Steps", "900");
        write("Pictures", "64"); // so that the first is at work until it is cancelled
        submit("first");
        assertThat(page.locator(".now-head")).containsText("of 90");
        submit("second");
        assertThat(page.locator(".queue .job")).hasCount(1);
        submit("third");
        assertThat(page.locator(".queue .job")).hasCount(2);
        page.locator(".queue .job", new Page.LocatorOptions().setHasText("third"))
                .getByLabel("Earlier")
                .click();
        assertThat(page.locator(".queue .job").first()).containsText("third");
        Page other = page.context().newPage();
        other.navigate("http://127.0.0.1:" + studio().port() + "/#/draw");
        assertThat(other.locator(".queue .job").first()).containsText("third");
        assertThat(other.locator(".now-head")).containsText("first");
        page.reload();
        assertThat(page.locator(".now-head")).containsText("first");
        assertThat(page.locator(".queue .job")).hasCount(2);
        for (int left = 1; left >= 0; left--) {
            page.locator(".queue .job").first().getByLabel("Cancel").click();
            assertThat(page.locator(".queue .job")).hasCount(left);
        }
        assertThat(page.locator(".now-head")).containsText("of 90");
        page.locator(".now-head .cancel").click();
        assertThat(page.locator(".now-head")).containsText("cancelled");
        assertThat(other.locator(".now-head")).containsText("cancelled");
        other.close();
    }

    private void submit(String prompt) {
        write("Prompt", prompt);
        page.locator(".go button").click();
    }

    @Test
    void code_has_no_prompt_of_a_model_that_was_chosen_before() {
        choose(TEXT);
        write("Prompt", "a red cat");
        choose(PLAIN);
        button("As code").click();
        assertThat(page.locator("dialog pre").first()).containsText("--model");
        assertThat(page.locator("dialog pre").first()).not().containsText("cat");
    }

    @Test
    void a_photograph_to_begin_with_is_there_after_a_refresh() throws IOException {
        BufferedImage photograph = new BufferedImage(440, 300, BufferedImage.TYPE_INT_RGB);
        Random grain = new Random(1);
        for (int i = 0; i < 440 * 300; i++) {
            photograph.setRGB(i % 440, i / 440, grain.nextInt());
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(photograph, "png", png);
        choose(TEXT);
        page.getByText("Begin with a picture").click();
        page.locator("#start-file").setInputFiles(new FilePayload("photograph.png", "image/png", png.toByteArray()));
        Locator begun = page.getByAltText("The picture to begin with");
        assertThat(begun).isVisible();
        page.reload();
        assertThat(begun).isVisible();
    }

    @Test
    void a_mask_is_painted_and_only_what_it_marks_is_drawn_anew() throws IOException {
        choose(TEXT);
        write("Prompt", "a sun");
        write("Steps", "4");
        page.getByText("Begin with a picture").click();
        page.locator("#start-file").setInputFiles(folder().resolve("pictures/disc.png"));
        button("Paint a mask").click();
        Locator canvas = page.locator(".mask-canvas");
        var box = canvas.boundingBox();
        page.mouse().move(box.x + box.width * 0.75, box.y + box.height * 0.2);
        page.mouse().down();
        page.mouse().move(box.x + box.width * 0.75, box.y + box.height * 0.8);
        page.mouse().up();
        shoot(page, "mask-light");
        button("Use this mask").click();
        Locator mask = page.getByAltText("The mask: white is drawn anew");
        assertThat(mask).isVisible();
        String data = mask.getAttribute("src");
        BufferedImage painted = ImageIO.read(
                new ByteArrayInputStream(Base64.getDecoder().decode(data.substring(data.indexOf(',') + 1))));
        assertThat(painted.getWidth()).isEqualTo(64);
        assertThat(painted.getRGB(48, 32) & 0xff).isEqualTo(255);
        assertThat(painted.getRGB(8, 32) & 0xff).isZero();
        page.locator(".go button").click();
        assertThat(page.locator(".now-head")).containsText("drawn in");
    }

    @Test
    void a_lora_of_the_folders_is_drawn_with() {
        choose(TEXT);
        write("Prompt", "a red cat");
        write("Steps", "3");
        page.locator("summary", new Page.LocatorOptions().setHasText("LoRAs")).click();
        page.getByLabel("Add", new Page.GetByLabelOptions().setExact(true)).selectOption("work/loras/zog.safetensors");
        page.locator(".go button").click();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        page.locator(".now .tile").click();
        button("In the gallery").click();
        assertThat(page.locator(".facts")).containsText("zog");
    }

    @Test
    void a_wrong_value_marks_its_field() {
        choose(PLAIN);
        write("Steps", "5000");
        page.locator(".go button").click();
        assertThat(page.locator("[data-field~=steps].wrong .fault")).containsText("at most");
        assertThat(page.getByLabel("Steps", new Page.GetByLabelOptions().setExact(true)))
                .hasAttribute("aria-invalid", "true");
        write("Steps", "4");
        write("Seed", "seven");
        page.locator(".go button").click();
        assertThat(page.locator("[data-field~=seed] .fault")).containsText("must be a whole number");
    }

    @Test
    void a_loss_that_steers_is_drawn_as_a_curve_and_the_same_call_is_given_as_code() {
        choose(PLAIN);
        write("Steps", "6");
        page.getByText("Steer with losses").click();
        button("+ Brightness").click();
        page.locator(".go button").click();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        assertThat(page.locator(".curve")).containsText("brightness");
        button("As code").click();
        assertThat(page.locator("dialog pre").first()).containsText("--guide brightness=0.7:40");
        assertThat(page.locator("dialog pre").last()).containsText("steeredBy");
        shoot(page, "code-light");
    }

    @Test
    void a_text_steers_by_a_clip_of_the_folders() {
        choose(TEXT);
        write("Steps", "3");
        page.getByText("Steer with losses").click();
        button("+ CLIP text").click();
        write("What the picture shows", "");
        assertThat(page.locator(".estimate")).containsText("does not say what the pictures are to show");
        write("What the picture shows", "a bla");
        assertThat(page.locator(".estimate:not(.bad)")).isVisible();
        page.locator(".go button").click();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        assertThat(page.locator(".curve")).containsText("clip=a bla:8");
        shoot(page, "clip-light");
        button("As code").click();
        assertThat(page.locator("dialog pre").first()).containsText("--guide 'clip=a bla:8' --clip-model ");
        assertThat(page.locator("dialog pre").last()).containsText("new Clip.Origin(Path.of(");
    }

    @Test
    void it_can_be_used_by_everybody_in_light_in_dark_and_on_a_phone() {
        choose(TEXT);
        assertAccessible(page, "draw, light");
        for (String size : List.of("1280x720", "390x844")) {
            int width = Integer.parseInt(size.split("x")[0]);
            try (var visitor = visitor(ColorScheme.DARK, width, Integer.parseInt(size.split("x")[1]))) {
                Page dark = visitor.newPage();
                dark.navigate(studio().address().toString());
                assertThat(dark.locator(".estimate")).containsText(Pattern.compile("about|no estimate"));
                assertAccessible(dark, "draw, dark, " + size);
                assertThat((Integer) dark.evaluate("document.documentElement.scrollWidth"))
                        .isEqualTo(width);
                shoot(dark, width < 1000 ? "draw-phone" : "draw-dark");
            }
        }
    }
}
