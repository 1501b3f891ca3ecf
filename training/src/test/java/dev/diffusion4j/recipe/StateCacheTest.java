// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.trainer.ParameterGroup;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a frozen text encoder makes of a training's captions is computed once, and kept: the same training to the last byte. */
class StateCacheTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final String WEIGHTS = "model/unet/diffusion_pytorch_model.safetensors";
    private static final Path SD = TinySd.FOLDER;

    @TempDir
    Path folder;

    private static Recipe recipe(Consumer<Recipe.Draft> more) {
        return TextToImageRunTest.recipe(r -> {
            r.data.textStates = KeepMode.FILE;
            r.samples.count = 0;
            more.accept(r);
        });
    }

    private Path train(String name, Recipe recipe) {
        Path run = folder.resolve(name);
        assertThat(TrainingRun.start(recipe, run).run(QUIET, () -> false).finished())
                .isTrue();
        return run;
    }

    private static Path states(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            List<Path> all = files.filter(file -> file.getFileName().toString().startsWith("text-states-"))
                    .toList();
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }

    @Test
    void a_training_ends_in_the_same_bytes_as_with_captions_that_are_encoded_each_time() throws IOException {
        Path live = train("live", recipe(r -> r.data.textStates = KeepMode.LIVE));
        for (KeepMode mode : List.of(KeepMode.MEMORY, KeepMode.FILE)) {
            Consumer<Recipe.Draft> kept = r -> r.data.textStates = mode;
            Path whole = train("whole-" + mode, recipe(kept));
            assertThat(whole.resolve(WEIGHTS)).hasSameBinaryContentAs(live.resolve(WEIGHTS));
            Path stopped = folder.resolve("stopped-" + mode);
            AtomicInteger asked = new AtomicInteger();
            assertThat(TrainingRun.start(recipe(kept), stopped)
                            .run(QUIET, () -> asked.incrementAndGet() > 3)
                            .finished())
                    .isFalse();
            assertThat(TrainingRun.resume(stopped, false)
                            .run(QUIET, () -> false)
                            .finished())
                    .isTrue();
            assertThat(stopped.resolve(WEIGHTS)).hasSameBinaryContentAs(live.resolve(WEIGHTS));
        }
        Consumer<Recipe.Draft> both = r -> r.data.latents = KeepMode.FILE;
        assertThat(train("both", recipe(both)).resolve(WEIGHTS))
                .hasSameBinaryContentAs(train("latents", recipe(both.andThen(r -> r.data.textStates = KeepMode.LIVE)))
                        .resolve(WEIGHTS));
    }

    @Test
    void the_network_learns_from_what_is_kept_and_captions_are_not_encoded_again() throws IOException {
        Recipe recipe = recipe(r -> r.training.maxSteps = 1);
        Path mine = train("mine", recipe);
        Path other = folder.resolve("other");
        TrainingRun run = TrainingRun.start(recipe, other);
        Path kept = Files.copy(states(mine), other.resolve(states(mine).getFileName()));
        try (RandomAccessFile file = new RandomAccessFile(kept.toFile(), "rw")) {
            file.seek(file.length() / 2);
            file.write(new byte[(int) (file.length() - file.length() / 2)]);
        }
        run.run(QUIET, () -> false);
        assertThat(Files.mismatch(mine.resolve(WEIGHTS), other.resolve(WEIGHTS)))
                .isNotEqualTo(-1);
    }

    @Test
    void equal_captions_are_kept_once_and_encoding_that_was_stopped_is_gone_on_with() throws IOException {
        Recipe recipe = recipe(r -> {
            r.data.limit = 0;
            r.data.source = "folder:" + repeated(folder.resolve("pictures"), 150, 70);
            r.training.maxSteps = 1;
        });
        List<Integer> done = new ArrayList<>();
        RunListener counting = new RunListener() {
            @Override
            public void onTextStates(int now, int count, double secondsLeft) {
                assertThat(count).isEqualTo(70);
                done.add(now);
            }
        };
        Path whole = folder.resolve("whole");
        TrainingRun.start(recipe, whole).run(counting, () -> false);
        assertThat(done).containsExactly(32, 64, 70);
        try (Safetensors file = Safetensors.open(states(whole))) {
            assertThat(Objects.requireNonNull(file.tensors().get("states")).shape())
                    .startsWith(70L, 1L);
        }
        Path halting = folder.resolve("halting");
        AtomicInteger asked = new AtomicInteger();
        RunSummary half = TrainingRun.start(recipe, halting).run(QUIET, () -> asked.incrementAndGet() > 1);
        assertThat(half.finished()).isFalse();
        assertThat(states(halting)).hasFileName(states(whole).getFileName() + ".part");
        done.clear();
        TrainingRun.startOrResume(recipe, halting).run(counting, () -> false);
        assertThat(done).containsExactly(64, 70);
        assertThat(states(halting)).hasSameBinaryContentAs(states(whole));
        new RunFolder(halting).removeRun();
        assertThat(halting).isDirectoryNotContaining("glob:**text-states-*");
    }

    @Test
    void encoding_that_the_first_process_stops_is_stopped_in_all() {
        Path run = folder.resolve("two");
        assertThat(GroupOfThreads.run(
                        2, group -> TrainingRun.start(recipe(r -> {}), run, RunParts.NONE.withGroup(group))
                                .run(QUIET, group.world()::isFirst)
                                .finished()))
                .containsExactly(false, false);
    }

    /** A folder of pictures under fewer captions. */
    private static Path repeated(Path pictures, int count, int captions) {
        try {
            Files.createDirectories(pictures);
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                lines.add("{\"file_name\":\"" + i + ".png\",\"text\":\"thing " + i % captions + "\"}");
                ImageIO.write(
                        new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB),
                        "png",
                        pictures.resolve(i + ".png").toFile());
            }
            Files.write(pictures.resolve("metadata.jsonl"), lines);
            return pictures;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void a_file_of_other_captions_or_of_another_text_encoder_is_refused() throws IOException {
        Path mine = train("mine", recipe(r -> r.training.maxSteps = 1));
        refusedWith(states(mine), recipe(r -> r.data.limit = 8), "holds text states of other captions: put back");
        refusedWith(
                states(mine),
                recipe(r -> r.training.frozenDtype = Precision.BF16),
                "of a text encoder that was stored otherwise");
        Path other = TinySd.copyTo(folder.resolve("other-sd"));
        try (RandomAccessFile weights = new RandomAccessFile(
                other.resolve("text_encoder/model.safetensors").toFile(), "rw")) {
            weights.seek(weights.length() - 4);
            int last = weights.read();
            weights.seek(weights.length() - 4);
            weights.write(last ^ 1);
        }
        refusedWith(states(mine), recipe(r -> r.model.from = other.toString()), "of another text encoder: put back");
    }

    private void refusedWith(Path file, Recipe recipe, String message) throws IOException {
        Path its = folder.resolve("its");
        TrainingRun run = TrainingRun.start(recipe, its);
        Files.copy(file, its.resolve(file.getFileName()));
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> run.run(QUIET, () -> false))
                .withMessageContaining(message)
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
        new RunFolder(its).removeRun();
    }

    @Test
    void states_that_change_or_that_nobody_computes_are_refused_before_anything_is_written() {
        refused(
                recipe(r -> r.training.groups = Map.of("text_encoder", ParameterGroup.DEFAULT)),
                "data.text_states is file, but the states of captions change, because text_encoder learns: set"
                        + " data.text_states to live");
        refused(
                recipe(r ->
                        r.lora = LoraConfig.DEFAULT.withTargets(List.of("to_q")).withTextTargets(List.of("q_proj"))),
                "because text_encoder learns");
        refused(
                recipe(r -> r.data.limit = 0),
                "set data.limit to how many are to be kept, or data.text_states to live");
        refused(
                Recipe.DEFAULT.with(r -> {
                    r.data.imageSize = 32;
                    r.data.textStates = KeepMode.MEMORY;
                }),
                "data.text_states is memory, but the network reads no captions by a text encoder from a folder: omit it");
    }

    private void refused(Recipe recipe, String message) {
        Path run = folder.resolve("refused");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TrainingRun.start(recipe, run))
                .withMessageContaining(message)
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
        assertThat(run).doesNotExist();
    }
}
