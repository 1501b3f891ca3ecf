// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.VaeCodec;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The latents of a training's pictures are computed once, on all threads, and kept; that can be stopped as all else can. */
class LatentCacheTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final Path SD = TinySd.FOLDER;

    @TempDir
    Path folder;

    /** How far a run said that it was. */
    private static final class Reports implements RunListener {
        final List<Integer> done = new ArrayList<>();

        @Override
        public void onLatents(int now, int count, double secondsLeft) {
            assertThat(count).isEqualTo(300);
            assertThat(secondsLeft).isNotNegative();
            done.add(now);
        }
    }

    private static Recipe recipe(Consumer<Recipe.Draft> more) {
        return TextToImageRunTest.recipe(r -> {
            r.data.imageSize = 32;
            r.data.limit = 300;
            r.data.latents = KeepMode.FILE;
            r.training.maxSteps = 1;
            r.samples.count = 0;
            more.accept(r);
        });
    }

    private static Path latents(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            List<Path> all = files.filter(file -> file.getFileName().toString().startsWith("latents-"))
                    .toList();
            assertThat(all).hasSize(1);
            return all.get(0);
        }
    }

    @Test
    void encoding_that_was_stopped_is_gone_on_with_and_ends_in_the_same_bytes() throws IOException {
        Path whole = folder.resolve("whole");
        Reports all = new Reports();
        assertThat(TrainingRun.start(recipe(r -> {}), whole)
                        .run(all, () -> false)
                        .finished())
                .isTrue();
        assertThat(all.done).containsExactly(128, 256, 300);
        Path halting = folder.resolve("halting");
        AtomicInteger asked = new AtomicInteger();
        RunSummary half = TrainingRun.start(recipe(r -> {}), halting).run(QUIET, () -> asked.incrementAndGet() > 1);
        assertThat(half.finished()).isFalse();
        assertThat(half.steps()).isZero();
        Path begun = latents(halting);
        assertThat(begun).hasFileName(latents(whole).getFileName() + ".part");
        try (RandomAccessFile file = new RandomAccessFile(begun.toFile(), "rw")) {
            file.seek(
                    file.length() - 300 - 150L * 4 * 2 * 4 * 16 * 16); // as if it was killed while it wrote another row
            file.write(new byte[] {1, 2, 3});
        }
        Reports rest = new Reports();
        TrainingRun.startOrResume(recipe(r -> {}), halting).run(rest, () -> false);
        assertThat(rest.done).containsExactly(256, 300);
        assertThat(latents(halting)).hasSameBinaryContentAs(latents(whole));
        String weights = "model/unet/diffusion_pytorch_model.safetensors";
        assertThat(halting.resolve(weights)).hasSameBinaryContentAs(whole.resolve(weights));
    }

    @Test
    void no_number_depends_on_how_many_threads_there_are() {
        Recipe recipe = recipe(r -> r.data.randomFlip = true);
        TensorScope.run(() -> {
            try (TrainingData data = TrainingData.open(recipe.data(), SourceOptions.defaults());
                    AutoencoderKl network = (AutoencoderKl)
                            PipelineFolder.open(SD).network("vae").read(Devices.cpu(), Precision.F32, null)) {
                VaeCodec codec = new VaeCodec(network);
                List<float[]> alone = new ArrayList<>();
                LatentMaker.of(data, codec, 1, QUIET, () -> false).from(0, alone::add);
                assertThat(alone).hasSize(300);
                assertThat(alone.get(7)).hasSize(2 * 2 * 4 * 16 * 16);
                List<float[]> three = new ArrayList<>();
                LatentMaker.of(data, codec, 3, QUIET, () -> false).from(130, three::add);
                assertThat(three).hasSize(170);
                for (int i = 0; i < three.size(); i++) {
                    assertThat(three.get(i)).isEqualTo(alone.get(130 + i));
                }
            }
        });
    }

    @Test
    void what_is_half_written_is_not_taken() throws IOException {
        KeptRows.About about = about("an autoencoder");
        List<Integer> begins = new ArrayList<>();
        KeptRows.Filling halting = (first, receiver) -> {
            begins.add(first);
            receiver.accept(row(first));
            throw new CancellationException();
        };
        assertThatThrownBy(() -> KeptRows.inFile(about, folder, halting)).isInstanceOf(CancellationException.class);
        assertThatThrownBy(() -> KeptRows.inFile(about, folder, halting)).isInstanceOf(CancellationException.class);
        try (RandomAccessFile file = new RandomAccessFile(latents(folder).toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        assertThatThrownBy(() -> KeptRows.inFile(about, folder, halting)).isInstanceOf(CancellationException.class);
        assertThat(begins).containsExactly(0, 1, 0);
        KeptRows.Filling whole = (first, receiver) -> {
            begins.add(first);
            for (int i = first; i < 5; i++) {
                receiver.accept(i == 3 ? null : row(i));
            }
        };
        try (KeptRows rows = KeptRows.inFile(about, folder, whole)) {
            check(rows);
        }
        try (KeptRows rows = KeptRows.inMemory(about, whole)) {
            check(rows);
        }
        assertThat(begins).containsExactly(0, 1, 0, 1, 0);
    }

    private static void check(KeptRows rows) {
        float[] read = new float[5];
        for (int i = 0; i < 5; i++) {
            assertThat(rows.isReadable(i)).isEqualTo(i != 3);
            if (i != 3) {
                rows.read(i, 0, read, 1);
                assertThat(read).containsExactly(0, i, i + 1, i + 2, i + 3);
            }
        }
    }

    @Test
    void what_was_begun_of_another_autoencoder_makes_room() throws IOException {
        KeptRows.Filling halting = (first, receiver) -> {
            throw new CancellationException();
        };
        for (String autoencoder : List.of("one", "another")) {
            assertThatThrownBy(() -> KeptRows.inFile(about(autoencoder), folder, halting))
                    .isInstanceOf(CancellationException.class);
            assertThat(latents(folder).getFileName())
                    .hasToString(about(autoencoder).fileName() + ".part");
        }
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> KeptFile.checkRoom(KeptKind.LATENTS, 512L << 20, folder, 100L << 20))
                .withMessageContaining("take 512 MiB")
                .withMessageContaining("100 MiB left; free some, set data.limit");
    }

    private static KeptRows.About about(String autoencoder) {
        return new KeptRows.About(
                KeptKind.LATENTS,
                Map.of("data", "data", "autoencoder", autoencoder, "prepared", "crop"),
                5,
                1,
                new long[] {1, 2, 2});
    }

    private static float @Nullable [] row(int index) {
        return new float[] {index, index + 1, index + 2, index + 3};
    }

    @Test
    void a_file_of_another_autoencoder_is_refused() throws IOException {
        Path other = TinySd.copyTo(folder.resolve("other-sd"));
        try (RandomAccessFile weights = new RandomAccessFile(
                other.resolve("vae/diffusion_pytorch_model.safetensors").toFile(), "rw")) {
            weights.seek(weights.length() - 4);
            int last = weights.read();
            weights.seek(weights.length() - 4);
            weights.write(last ^ 1);
        }
        Path mine = folder.resolve("mine");
        TrainingRun.start(recipe(r -> {}), mine).run(QUIET, () -> false);
        Path its = folder.resolve("its");
        TrainingRun run = TrainingRun.start(recipe(r -> r.model.from = other.toString()), its);
        Files.copy(latents(mine), its.resolve(latents(mine).getFileName()));
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> run.run(QUIET, () -> false))
                .withMessageContaining("holds latents of another autoencoder: put back")
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
    }
}
