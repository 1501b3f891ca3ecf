// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.PipelinePlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChainTest {
    /** The second stage draws with the features of what the first learnt, so that it needs the chain's folder. */
    private static final String TWO =
            """
            name: two
            summary: a judge, and a second one that goes on from it
            each:
              recipe: digit-classifier
              model: {config: {widths: [4], hidden: 8}}
              data: {limit: 64, cache: none}
              training: {batch_size: 8, max_steps: 4, checkpoint_every_steps: 2, dtype: f32}
            stages:
              first: {}
              second:
                model: {from: $RUN/first/model}
                training: {max_steps: 3}
            presets:
              quick: {each: {training: {max_steps: 1}}, stages: {second: {training: {max_steps: 1}}}}
            """;

    @TempDir
    Path folder;

    private RecipeDocument document(String text) throws IOException {
        Path file = folder.resolve("mine.yaml");
        Files.writeString(file, text);
        return Recipes.find(file.toString());
    }

    private Chain chain(String... changes) throws IOException {
        return document(TWO).chain(null, List.of(changes));
    }

    @Test
    void stages_take_what_each_says_and_changes_are_of_all_or_of_one() throws IOException {
        Chain chain = chain("training.seed=7", "second.training.batch_size=2");
        assertThat(chain.stages().keySet()).containsExactly("first", "second");
        Recipe first = chain.stages().get("first");
        Recipe second = chain.stages().get("second");
        assertThat(first.name()).isEqualTo("two-first");
        assertThat(first.training().maxSteps()).isEqualTo(4);
        assertThat(second.training().maxSteps()).isEqualTo(3);
        assertThat(first.training().seed()).isEqualTo(7);
        assertThat(second.training().seed()).isEqualTo(7);
        assertThat(first.training().batchSize()).isEqualTo(8);
        assertThat(second.training().batchSize()).isEqualTo(2);
        Chain quick = document(TWO).chain("quick", List.of());
        assertThat(quick.name()).isEqualTo("two-quick");
        assertThat(quick.stages().get("second").name()).isEqualTo("two-quick-second");
        assertThat(quick.stages().get("first").training().maxSteps()).isEqualTo(1);
    }

    @Test
    void a_chain_that_was_stopped_in_every_step_ends_the_same_to_the_byte() throws IOException {
        Path whole = folder.resolve("whole");
        ChainRun all = ChainRun.start(chain(), whole);
        assertThat(all.run(new RunListener() {}, () -> false).finished()).isTrue();
        Path halting = folder.resolve("halting");
        ChainRun run = ChainRun.start(chain(), halting);
        int stops = 0;
        AtomicInteger asked = new AtomicInteger();
        while (!run.run(new RunListener() {}, () -> asked.incrementAndGet() % 3 == 0)
                .finished()) {
            run = ChainRun.resume(halting, false);
            stops++;
        }
        assertThat(stops).isGreaterThan(2);
        for (String stage : List.of("first", "second")) {
            String weights = stage + "/model/classifier/diffusion_pytorch_model.safetensors";
            assertThat(halting.resolve(weights)).hasSameBinaryContentAs(whole.resolve(weights));
        }
        assertThat(Files.readString(halting.resolve("second/recipe.yaml"))).contains(halting + "/first/model");
        assertThat(ChainRun.resume(halting, false)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
    }

    @Test
    void the_model_of_its_result_is_its_own_and_a_page_says_what_is_where() throws IOException {
        Path run = folder.resolve("run");
        ChainRun.start(chain("result=second"), run).run(new RunListener() {}, () -> false);
        String weights = "classifier/diffusion_pytorch_model.safetensors";
        assertThat(run.resolve("model").resolve(weights))
                .hasSameBinaryContentAs(run.resolve("second/model").resolve(weights));
        assertThat(PipelinePlace.insideRun(run)).isEqualTo(run.resolve("model"));
        assertThat(PipelinePlace.runOf(run.resolve("model"))).isEqualTo(run);
        assertThat(run.resolve("README.md"))
                .content()
                .contains("# two", "| `model` | what `second` ended in", "`first/model`");
        Files.writeString(run.resolve("README.md"), "mine");
        ChainRun.resume(run, false).run(new RunListener() {}, () -> false);
        assertThat(run.resolve("README.md")).hasContent("mine");
        Path each = folder.resolve("each");
        ChainRun.start(chain(), each).run(new RunListener() {}, () -> false);
        assertThat(each.resolve("model")).doesNotExist();
        assertThatThrownBy(() -> PipelineFolder.open(PipelinePlace.insideRun(each)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("is a chain of runs");
        assertThatThrownBy(() -> chain("result=third"))
                .hasMessageContaining("result must name one of the stages first, second, but was 'third'");
    }

    @Test
    void what_is_wrong_with_a_chain_is_one_line() throws IOException {
        assertThatThrownBy(() -> document(TWO + "more: 3\n").chain(null, List.of()))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("a chain of recipes has no key 'more'");
        assertThatThrownBy(() -> chain("first.training.epoch=3"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("stage first");
        assertThatThrownBy(() -> document(TWO.replace("first: {}", "training: {}")))
                .hasMessageContaining("no key of a recipe, but was 'training'");
        assertThatThrownBy(() -> document(TWO).recipe(null, List.of())).hasMessageContaining("a chain of recipes");
        Path place = folder.resolve("run");
        ChainRun.start(chain(), place);
        assertThatThrownBy(() -> ChainRun.start(chain("training.seed=3"), place))
                .hasMessageContaining("already holds a run of another recipe (stages.first.training.seed");
        assertThatThrownBy(() -> ChainRun.resume(folder.resolve("none"), false))
                .hasMessageContaining("holds no chain of runs to resume");
    }
}
