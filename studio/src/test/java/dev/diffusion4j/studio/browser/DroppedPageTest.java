// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import dev.diffusion4j.drawing.NotedLora;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A picture that is dropped on the room Draw gives the settings back that it was drawn with. */
class DroppedPageTest extends DrawPage {
    @TempDir
    Path scratch;

    private byte[] drawn() {
        String before = page.locator(".now").getAttribute("data-job");
        page.locator(".go button").click();
        page.locator(".now[data-job]" + (before == null ? "" : ":not([data-job='" + before + "'])"))
                .waitFor();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        String url = page.locator(".now .tile").getAttribute("data-url");
        Object text = page.evaluate(
                "url => fetch(url).then(a => a.arrayBuffer()).then(b => btoa(String.fromCharCode(...new Uint8Array(b))))",
                url);
        return Base64.getDecoder().decode(String.valueOf(text));
    }

    private static int[] pixels(byte[] png) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private void dropText(String parameters) {
        drop(
                PngFile.bytes(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), Map.of("parameters", parameters)),
                "other.png");
    }

    private Locator lora() {
        return page.locator("[data-field=loras] fieldset");
    }

    private void hasLora(String strength) {
        assertThat(lora()).containsText("zog.safetensors");
        assertThat(lora().getByLabel("Strength", new Locator.GetByLabelOptions().setExact(true)))
                .hasValue(strength);
    }

    @Test
    void a_dropped_picture_gives_its_settings_back() {
        choose(TEXT);
        write("Prompt", "a green house");
        write("Steps", "4");
        write("Seed", "77");
        byte[] first = drawn();
        write("Prompt", "something else");
        write("Steps", "9");
        write("Seed", "1");
        drop(first, "drawn.png");
        assertThat(page.getByLabel("Prompt", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("a green house");
        assertThat(page.getByLabel("Steps", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("4");
        assertThat(page.getByLabel("Seed", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("77");
    }

    @Test
    void a_seed_beyond_what_a_browser_counts_exactly_stays_what_it_is() {
        String seed = "9007199254740993";
        choose(PLAIN);
        write("Steps", "2");
        write("Seed", seed);
        byte[] first = drawn();
        write("Seed", "1");
        drop(first, "drawn.png");
        Locator field = page.getByLabel("Seed", new Page.GetByLabelOptions().setExact(true));
        assertThat(field).hasValue(seed);
        page.reload();
        assertThat(field).hasValue(seed);
        button("As code").click();
        assertThat(page.locator("dialog pre").first()).containsText("--seed " + seed);
        assertThat(page.locator("dialog pre").last()).containsText(".seed(" + seed + "L)");
        Object near = page.evaluate(
                """
                async (seed) => {
                  const { list } = await import("/js/jobs.js");
                  const { nearSeeds } = await import("/rooms/gallery/near.js");
                  const { place } = (await list()).find((job) => String(job.seed) === seed).pictures[0];
                  const asked = [];
                  const send = window.fetch;
                  window.fetch = (path, options) => {
                    if (options?.method === "POST" && path.endsWith("/jobs")) asked.push(/"seed":(\\d+)/.exec(options.body)[1]);
                    return send(path, options);
                  };
                  await nearSeeds({ place }, document.createElement("div"), () => {});
                  window.fetch = send;
                  return asked.sort().join(" ");
                }""",
                seed);
        assertThat(near).isEqualTo("9007199254740991 9007199254740992 9007199254740994 9007199254740995");
    }

    @Test
    void its_losses_are_known_by_all_their_names_and_one_that_cannot_be_had_is_named() throws IOException {
        choose(PLAIN);
        Object text = page.evaluate(
                """
                async (model) => {
                  const { draw } = await import("/js/jobs.js");
                  const job = await draw({ model, guides: ["colour=3366CC:5", "edge=0.2:3,from=0.5"], request: { sampling: { steps: 2 } } });
                  const bytes = await (await fetch(job.pictures[0].url)).arrayBuffer();
                  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
                }""",
                PLAIN);
        Path file =
                Files.write(scratch.resolve("steered.png"), Base64.getDecoder().decode(String.valueOf(text)));
        Map<String, String> notes = new LinkedHashMap<>(PngFile.readNotes(file));
        notes.replaceAll(
                (name, note) -> note.replace("\"colour=3366CC:5\"", "\"colour=3366CC:5\",\"mask=photo.png:4\""));
        drop(PngFile.bytes(ImageIO.read(file.toFile()), notes), "steered.png");
        assertThat(page.locator("[data-field=guides] fieldset legend")).hasText(new String[] {"Colour", "Sharpness"});
        assertThat(page.locator("[data-field=guides] input[type=color]")).hasValue("#3366cc");
        assertThat(page.locator(".notices"))
                .containsText("It was steered by 'mask=photo.png:4', which is left out: this page takes no file");
        button("As code").click();
        assertThat(page.locator("dialog pre").first())
                .containsText("--guide color=#3366CC:5 --guide 'sharpness=0.2:3,from=0.5'");
    }

    @Test
    void any_class_and_the_strength_come_back_and_so_does_the_lock_when_it_is_undone() {
        choose(PLAIN);
        page.route("**/studio/api/draw/models/" + PLAIN, route -> {
            String model = route.fetch()
                    .text()
                    .replaceFirst("\"takes\": *\"\\w+\"", "\"takes\":\"classes\"")
                    .replaceFirst("\"classes\": *\\d+", "\"classes\":3")
                    .replaceFirst("\"is_guided\": *\\w+", "\"is_guided\":true");
            route.fulfill(new Route.FulfillOptions()
                    .setContentType("application/json")
                    .setBody(model));
        });
        page.route(
                "**/studio/api/draw/note*",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody("{\"settings\":{\"model\":\"" + PLAIN
                                + "\",\"seed\":5,\"class\":null,\"strength\":0.35,\"guides\":[]},\"notices\":[]}")));
        dropText("");
        assertThat(page.getByLabel("Class", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("");
        assertThat(page.getByLabel("Strength", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("0.35");
        assertThat(page.getByLabel("The seed stays")).isVisible();
        button("Undo").click();
        assertThat(page.getByLabel("A new seed each time")).isVisible();
    }

    @Test
    void so_does_one_of_the_webui() {
        choose(TEXT);
        String text =
                "a yellow ship\nNegative prompt: fog\nSteps: 7, Sampler: Euler, CFG scale: 4.5, Seed: 1234, Size: 32x16, Model: other";
        dropText(text);
        assertThat(page.getByLabel("Prompt", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("a yellow ship");
        assertThat(page.getByLabel("Negative prompt")).hasValue("fog");
        assertThat(page.getByLabel("Seed", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("1234");
        assertThat(page.getByLabel("Steps", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("7");
        assertThat(page.getByLabel("Guidance", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("4.5");
        assertThat(page.getByLabel("Scheduler")).hasValue("euler");
        assertThat(page.getByLabel("Width")).hasValue("32");
    }

    @Test
    void its_lora_is_found_again() throws IOException {
        choose(TEXT);
        write("Prompt", "a red cat");
        write("Steps", "3");
        page.locator("summary", new Page.LocatorOptions().setHasText("LoRAs")).click();
        page.getByLabel("Add", new Page.GetByLabelOptions().setExact(true)).selectOption("work/loras/zog.safetensors");
        lora().getByLabel("Strength", new Locator.GetByLabelOptions().setExact(true))
                .fill("0.5");
        byte[] first = drawn();
        page.getByLabel("Remove work/loras/zog.safetensors").click();
        assertThat(lora()).hasCount(0);
        drop(first, "drawn.png");
        hasLora("0.5");
        assertThat(pixels(drawn())).isEqualTo(pixels(first));
    }

    @Test
    void one_of_the_webui_is_known_by_its_hash_or_its_name_and_one_that_is_not_there_is_named() {
        choose(TEXT);
        String hash =
                NotedLora.hashOf(folder().resolve("loras/zog.safetensors")).orElseThrow();
        String settings = "\nSteps: 3, Sampler: Euler, CFG scale: 4, Seed: 1, Size: 32x16";
        dropText("a cat <lora:renamed:0.75>" + settings + ", Lora hashes: \"renamed: " + hash + "\"");
        hasLora("0.75");
        assertThat(page.getByLabel("Prompt", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("a cat");
        dropText("a dog <lora:zog:0.4>" + settings);
        hasLora("0.4");
        dropText("a fox <lora:gone:1>" + settings);
        assertThat(page.locator(".notices")).containsText("Its LoRA 'gone' is not in the folders that are open");
        assertThat(page.locator(".notices")).not().containsText("/");
        assertThat(lora()).hasCount(0);
        shoot(page, "dropped-light");
    }

    @Test
    void what_the_form_has_no_field_for_is_drawn_as_the_picture_says_until_it_is_closed() throws IOException {
        choose(TEXT);
        dropText("a (red:1.2) cat\nSteps: 3, Sampler: Euler, Schedule type: Karras, CFG scale: 4, Seed: 1, Size: 32x16,"
                + " Clip skip: 2");
        Locator beside = page.locator(".on-way");
        assertThat(beside).containsText("rng cuda");
        assertThat(beside).containsText("clip_skip 1");
        assertThat(beside).containsText("use_karras_sigmas true");
        assertAccessible(page, "what a picture says beside the form");
        button("As code").click();
        assertThat(page.locator("dialog pre").first())
                .containsText("--prompt-syntax a1111 --seed 1 --scheduler euler --scheduler-option ");
        assertThat(page.locator("dialog pre").first()).containsText("--rng cuda --clip-skip 1");
        page.keyboard().press("Escape");
        byte[] first = drawn();
        page.getByLabel("As usual, not as in the picture").click();
        assertThat(beside).hasCount(0);
        assertThat(pixels(drawn())).as("as usual").isNotEqualTo(pixels(first));
        drop(first, "drawn.png");
        assertThat(beside).containsText("use_karras_sigmas true");
        assertThat(pixels(drawn())).isEqualTo(pixels(first));
        shoot(page, "beside-light");
    }

    @Test
    void it_is_for_the_model_that_was_picked_even_where_that_is_still_on_its_way() {
        choose(PLAIN);
        List<Route> held = new ArrayList<>();
        String address = "**/studio/api/draw/models/" + TEXT;
        page.route(address, held::add);
        page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption(TEXT);
        page.waitForCondition(() -> held.size() == 1);
        dropText("a cat\nSteps: 3, Sampler: Euler, CFG scale: 4, Seed: 1, Size: 32x16");
        page.waitForCondition(() -> held.size() == 2);
        page.unroute(address);
        held.forEach(Route::resume);
        assertThat(page.getByLabel("Prompt", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("a cat");
    }
}
