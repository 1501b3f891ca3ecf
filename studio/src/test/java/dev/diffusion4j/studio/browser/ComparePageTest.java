// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    /** What the room that compares does with a model that somebody trained, while another one is chosen in the room Draw. */
    @Test
    void a_model_that_needs_a_class_is_drawn_from_by_its_first() throws IOException {
        Path model = folder().resolve("models/digits");
        saveClasses(model);
        page.reload();
        Locator inDraw = page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true));
        inDraw.selectOption("work/models/tiny-sd"); // whose own scheduler takes no two steps
        assertThat(page.locator(".tokens")).containsText("0 of");
        go("compare");
        choose("work/models/digits");
        value("x").fill("2");
        page.locator("[data-field=axis-y] select").selectOption("");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Draw the grid"))
                .click();
        assertThat(page.locator(".slot.finished")).hasCount(1);
        AtomicFile.deleteTree(model);
    }

    /** Four classes, and none is no class of them. */
    private static void saveClasses(Path folder) {
        DiffusionModel model = (DiffusionModel) ModelKind.UNET_2D.create(Map.of(
                "sample_size", 8L,
                "in_channels", 1L,
                "out_channels", 1L,
                "layers_per_block", 1L,
                "block_out_channels", List.of(8L),
                "norm_num_groups", 4L,
                "down_block_types", List.of("DownBlock2D"),
                "up_block_types", List.of("UpBlock2D"),
                "num_class_embeds", 4L));
        try (RandomStream random = new RandomStream(3)) {
            model.initialize(random);
        }
        try (DiffusionPipeline pipeline = DiffusionPipeline.of(model, SchedulerKind.DDPM.create(Map.of()))) {
            pipeline.save(folder);
        }
    }

    @Test
    void a_comparison_is_measured_by_a_process_of_its_own_and_its_table_is_shown() throws IOException {
        Path judge = folder().resolve("models/judge");
        try (Model network = ModelKind.CONV_CLASSIFIER.create(
                Map.of("sample_size", 8L, "num_classes", 4L, "widths", List.of(4L), "hidden", 16L))) {
            PipelineFolder.write(judge, network, null);
        }
        go("compare");
        choose("work/models/tiny-pipeline");
        page.getByText("Measure quality against seconds").click();
        page.getByLabel("Numbers of steps").fill("0, 5");
        button("Measure").click();
        assertThat(page.locator(".measure .notice.bad")).containsText("--steps must be > 0, but was 0");
        button("Forget").click();
        assertThat(page.locator(".measure .notice")).hasCount(0);
        page.getByLabel("Numbers of steps").fill("5");
        page.getByLabel("Schedulers").fill("ddim, euler");
        assertThat(page.getByLabel("Judged by").locator("option")).hasCount(2);
        assertAccessible(page, "measuring");
        shoot(page, "measure-light");
        button("Measure").click();
        assertThat(page.getByText("work/compared/tiny-pipeline/compare.json")).isVisible();
        assertThat(Files.readString(folder().resolve("compared/tiny-pipeline/words.txt")))
                .contains(
                        "--scheduler=ddim,euler\n",
                        "--model=" + folder().toRealPath().resolve("models/tiny-pipeline"));
        AtomicFile.deleteTree(folder().resolve("compared"));
        AtomicFile.deleteTree(judge);
    }

    @Test
    void a_grid_goes_on_after_a_refresh_until_it_is_cancelled() {
        go("compare");
        choose("work/models/tiny-sd");
        page.locator("[data-field=axis-x] select").selectOption("steps");
        value("x").fill("10, 900, 901, 902");
        page.locator("[data-field=axis-y] select").selectOption("seed");
        value("y").fill("0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15");
        button("Draw the grid").click();
        assertThat(page.locator(".slot.finished")).hasCount(1);
        page.reload();
        assertThat(page.locator(".slot")).hasCount(64);
        assertThat(page.locator(".slot .shot").nth(1)).isVisible(); // it is drawn on
        button("Cancel").click();
        assertThat(page.locator(".slot.given-up").first()).isVisible();
        page.reload();
        assertThat(page.locator(".slot.given-up").last()).isVisible();
        assertThat(button("Cancel")).isHidden();
    }

    private void choose(String model) {
        page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption(model);
        assertThat(page.locator(".axes[aria-busy]")).hasCount(0); // its form is there
    }

    private Locator button(String name) {
        return page.getByRole(
                AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
    }

    private Locator value(String axis) {
        return page.locator("[data-field=axis-" + axis + "] input");
    }

    @Test
    void two_schedulers_are_compared_over_steps_beside_what_was_measured() throws IOException {
        Path table = Files.createDirectories(folder().resolve("which")).resolve("compare.json");
        Files.writeString(table, TABLE);
        go("compare");
        choose("work/models/tiny-pipeline");
        value("x").fill("2, 4");
        page.locator("[data-field=axis-y] select").selectOption("scheduler");
        value("y").fill("ddim, euler");
        assertThat(page.locator(".axes .hint").last()).containsText("4 pictures");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Draw the grid"))
                .click();
        assertThat(page.locator(".slot.finished")).hasCount(4);
        assertThat(page.locator(".sheet th[scope=row]").last()).containsText("Scheduler euler");
        assertThat(value("z")).isHidden();
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
        page.reload(); // nothing is lost
        assertThat(page.locator(".slot.finished")).hasCount(4);
        assertThat(page.locator(".sheet th[scope=row]").last()).containsText("Scheduler euler");
        page.locator("[data-field=axis-y] select").selectOption("seed"); // which the grid that is there does not have
        page.locator(".slot .shot").last().click();
        assertThat(page.locator("dialog h2")).hasText("Steps 4, Scheduler euler");
        button("Take these settings").click();
        assertThat(page.getByLabel("Scheduler", new Page.GetByLabelOptions().setExact(true)))
                .hasValue("euler");
    }
}
