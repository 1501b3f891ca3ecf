// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.model.DiffusionModel;
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

    /** What the room that compares does with a model that somebody trained, and never chose in the room Draw. */
    @Test
    void a_model_that_needs_a_class_is_drawn_from_by_its_first() throws IOException {
        Path model = folder().resolve("models/digits");
        saveClasses(model);
        go("compare");
        page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption("work/models/digits");
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

    private Locator value(String axis) {
        return page.locator("[data-field=axis-" + axis + "] input");
    }

    @Test
    void two_schedulers_are_compared_over_steps_beside_what_was_measured() throws IOException {
        Path table = Files.createDirectories(folder().resolve("which")).resolve("compare.json");
        Files.writeString(table, TABLE);
        go("compare");
        page.getByLabel("Model", new Page.GetByLabelOptions().setExact(true)).selectOption("work/models/tiny-pipeline");
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
