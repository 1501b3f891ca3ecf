// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes to the Hub and what was fetched from it, with a server here in its place. */
class HubPageTest extends DrawPage {
    private static final List<String> SETTINGS = List.of("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_CACHE");
    private static final HubRepo SHARED = HubRepo.model("ada/shared");
    private static final HubRepo TINY = HubRepo.model("ada/tiny");

    @TempDir
    Path cache;

    private HubServer server;
    private Path run;

    @BeforeEach
    void serve() throws IOException {
        server = new HubServer();
        System.setProperty("HF_ENDPOINT", server.endpoint());
        System.setProperty("HF_TOKEN", "hf_right");
        System.setProperty("HF_HUB_CACHE", cache.toString());
    }

    @AfterEach
    void end() throws IOException {
        if (run != null) {
            AtomicFile.deleteTree(run);
        }
        SETTINGS.forEach(System::clearProperty);
        server.close();
    }

    private void finishedRun() throws IOException {
        run = Files.createDirectories(folder().resolve("runs")).resolve("shared");
        Recipe recipe = Recipes.load(
                "quickstart",
                List.of(
                        "data.image_size=8",
                        "data.limit=16",
                        "training.batch_size=4",
                        "training.max_steps=2",
                        "training.dtype=f32",
                        "samples.every_steps=2",
                        "model.config.block_out_channels=[16, 16]",
                        "model.config.norm_num_groups=8"));
        TrainingRun.start(recipe, run).run(new RunListener() {}, () -> false);
    }

    @Test
    void a_run_is_published_after_a_look_at_what_would_go() throws IOException {
        finishedRun();
        go("train");
        page.locator(".run-name")
                .filter(new Locator.FilterOptions().setHasText("shared"))
                .click();
        button("Publish…").click();
        Locator box = page.locator("dialog");
        assertThat(box).containsText("You are logged in on the Hub.");
        button("See what would go").click();
        assertThat(box.locator("[data-field=repo] .fault")).containsText("must be organisation/name");
        write("Repository", "ada/shared");
        button("See what would go").click();
        assertThat(box).containsText("A new repository with");
        assertThat(box).containsText("The card names no licence");
        assertThat(box.locator("td").getByText("model_index.json")).isVisible();
        assertThat(server.files(SHARED)).as("before anything is sent").isEmpty();
        assertAccessible(page, "publishing");
        shoot(page, "publish-light");
        write("Licence", "mit");
        button("Publish on the Hub").click();
        assertThat(box.locator(".notice.good a")).containsText(server.endpoint() + "/ada/shared/commit/");
        assertThat(server.files(SHARED).keySet())
                .contains("model_index.json", "README.md", "recipe.yaml")
                .noneMatch(name -> name.contains("checkpoints"));
        assertThat(new String(server.files(SHARED).get("README.md"), StandardCharsets.UTF_8))
                .contains("license: mit");
        button("See what would go").click();
        assertThat(box).containsText("What changes there:");
    }

    @Test
    void a_model_that_was_fetched_before_is_drawn_with_and_the_hub_is_not_asked() throws IOException {
        server.commit(TINY, folder().resolve("models/tiny-sd"));
        PipelinePlace.fetch(TINY, HubProgress.SILENT);
        server.forgetRequests();
        page.reload();
        choose("hub/ada/tiny");
        button("Choose a model by its picture").click();
        assertThat(page.locator(".model-card[aria-pressed=true]")).containsText("from the Hub");
        page.keyboard().press("Escape");
        write("Prompt", "a red cat");
        write("Steps", "3");
        page.locator(".go button").click();
        assertThat(page.locator(".now-head")).containsText("drawn in");
        button("As code").click();
        assertThat(page.locator("dialog pre").first()).containsText("--model ");
        assertThat(page.locator("dialog pre").first()).containsText("models--ada--tiny/snapshots/");
        assertThat(server.requests()).isEmpty();
    }
}
