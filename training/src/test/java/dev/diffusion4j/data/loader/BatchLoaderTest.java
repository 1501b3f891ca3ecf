// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.CacheMode;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BatchLoaderTest {
    private static final StandardTransform FLIPS = new StandardTransform(1, 4, ResizeMode.EXACT, true);

    /** Pictures of 4×4 pixels; the label is the number. Those in {@code broken} cannot be read. */
    private static class Numbered implements Dataset {
        final int size;
        final Set<Integer> broken;
        final Map<Integer, Integer> reads = new ConcurrentHashMap<>();

        Numbered(int size, Integer... broken) {
            this.size = size;
            this.broken = Set.of(broken);
        }

        @Override
        public Example example(int index) {
            reads.merge(index, 1, Integer::sum);
            if (broken.contains(index)) {
                throw new BrokenExampleException("picture " + index + ": it is torn");
            }
            byte[] pixels = new byte[16];
            new java.util.Random(index).nextBytes(pixels);
            return new Example(new PixelImage(4, 4, 1, pixels), index, "number " + index);
        }

        @Override
        public String description() {
            return "numbers";
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public int naturalSize() {
            return 4;
        }

        @Override
        public List<String> classNames() {
            return List.of();
        }

        @Override
        public String fingerprint() {
            return "";
        }
    }

    private static LoaderOptions options(int batchSize, int workers) {
        return new LoaderOptions(batchSize, false, true, 1, workers, OnBroken.SKIP, 7, 0);
    }

    private static List<Batch> take(Dataset dataset, LoaderOptions options, int count) {
        try (BatchLoader loader = new BatchLoader(dataset, FLIPS, options)) {
            return IntStream.range(0, count).mapToObj(i -> loader.next()).toList();
        }
    }

    private static List<Long> labels(List<Batch> batches) {
        return batches.stream()
                .flatMap(batch -> Arrays.stream(batch.labels()).boxed())
                .toList();
    }

    private static void assertSame(List<Batch> actual, List<Batch> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i).values()).containsExactly(expected.get(i).values());
            assertThat(actual.get(i).labels()).containsExactly(expected.get(i).labels());
            assertThat(actual.get(i).toString()).isEqualTo(expected.get(i).toString());
        }
    }

    @ParameterizedTest(name = "{0} workers")
    @ValueSource(ints = {2, 3, 8})
    void batches_do_not_depend_on_the_number_of_workers(int workers) {
        Dataset dataset = new Numbered(50, 3, 17, 18);
        assertSame(take(dataset, options(8, workers), 30), take(dataset, options(8, 1), 30));
    }

    @ParameterizedTest(name = "from batch {0}")
    @ValueSource(longs = {1, 6, 7, 20})
    void one_can_go_on_at_any_batch(long first) {
        Dataset dataset = new Numbered(50, 3);
        LoaderOptions later = new LoaderOptions(8, false, true, 1, 2, OnBroken.SKIP, 7, first);
        List<Batch> all = take(dataset, options(8, 2), 25);
        assertSame(take(dataset, later, 4), all.subList((int) first, (int) first + 4));
    }

    @Test
    void an_epoch_has_each_picture_once_in_an_order_of_its_own() {
        List<Batch> batches = take(new Numbered(50), options(8, 2), 14);
        List<Long> first = labels(batches.subList(0, 7));
        List<Long> second = labels(batches.subList(7, 14));
        assertThat(first).hasSize(50).doesNotHaveDuplicates().isNotEqualTo(second);
        assertThat(second).hasSize(50).containsExactlyInAnyOrderElementsOf(first);
        assertThat(batches.get(6).size()).isEqualTo(2);
        assertThat(batches.get(7).epoch()).isEqualTo(1);
        assertThat(batches.get(7).captions().get(0)).isEqualTo("number " + second.get(0));
    }

    @Test
    void the_last_batch_may_be_dropped_and_an_epoch_may_repeat_the_data() {
        LoaderOptions options = new LoaderOptions(64, true, true, 5, 2, OnBroken.SKIP, 0, 0);
        try (BatchLoader loader = new BatchLoader(new Numbered(6551), FLIPS, options)) {
            assertThat(loader.batchesPerEpoch()).isEqualTo(511);
        }
        LoaderOptions small = new LoaderOptions(4, true, true, 3, 2, OnBroken.SKIP, 0, 0);
        List<Long> epoch = labels(take(new Numbered(8), small, 6));
        for (long number = 0; number < 8; number++) {
            long label = number;
            assertThat(epoch).filteredOn(drawn -> drawn == label).hasSize(3);
        }
        assertThat(epoch.subList(0, 8)).doesNotHaveDuplicates().isNotEqualTo(epoch.subList(8, 16));
    }

    @Test
    void unshuffled_is_the_datas_own_order() {
        LoaderOptions options = LoaderOptions.inOrder(DataConfig.DEFAULT, 8);
        assertThat(labels(take(new Numbered(20), options, 3)))
                .containsExactlyElementsOf(
                        IntStream.range(0, 20).mapToObj(i -> (long) i).toList());
    }

    @Test
    void flips_are_drawn_anew_each_epoch() {
        List<Batch> batches = take(new Numbered(64), options(64, 2), 2);
        int changed = 0;
        for (int i = 0; i < 64; i++) {
            int there = labels(batches.subList(1, 2)).indexOf(batches.get(0).labels()[i]);
            float[] before = Arrays.copyOfRange(batches.get(0).values(), i * 16, i * 16 + 16);
            float[] after = Arrays.copyOfRange(batches.get(1).values(), there * 16, there * 16 + 16);
            changed += Arrays.equals(before, after) ? 0 : 1;
        }
        assertThat(changed).isBetween(16, 48);
    }

    @Test
    void a_broken_picture_is_replaced_by_the_next_of_the_epoch_and_moves_no_other() {
        Numbered torn = new Numbered(20, 4, 11);
        List<Long> whole = labels(take(new Numbered(20), options(5, 2), 8));
        List<Long> expected = new ArrayList<>();
        for (int epoch = 0; epoch < 2; epoch++) {
            for (int i = 0; i < 20; i++) {
                int at = i;
                while (torn.broken.contains(whole.get(epoch * 20 + at % 20).intValue())) {
                    at++;
                }
                expected.add(whole.get(epoch * 20 + at % 20));
            }
        }
        try (BatchLoader loader = new BatchLoader(torn, FLIPS, options(5, 2))) {
            List<Batch> batches =
                    IntStream.range(0, 8).mapToObj(i -> loader.next()).toList();
            assertThat(labels(batches)).isEqualTo(expected);
            assertThat(loader.brokenCount()).isEqualTo(2);
            assertThat(loader.broken()).containsExactly("picture 4: it is torn", "picture 11: it is torn");
        }
    }

    @Test
    void a_broken_picture_can_stop_the_run() {
        LoaderOptions strict = new LoaderOptions(5, false, true, 1, 2, OnBroken.FAIL, 7, 0);
        try (BatchLoader loader = new BatchLoader(new Numbered(20, 4), FLIPS, strict)) {
            for (int tries = 0; tries < 2; tries++) { // and it stays stopped
                assertThatThrownBy(() -> IntStream.range(0, 4).forEach(i -> loader.next()))
                        .isInstanceOf(Problem.class)
                        .hasMessage("picture 4: it is torn (on_broken: skip would pass over it)");
            }
        }
    }

    @Test
    void where_nothing_can_be_read_the_run_ends() {
        assertThatThrownBy(() -> take(new Numbered(3, 0, 1, 2), options(2, 2), 1))
                .isInstanceOf(Problem.class)
                .hasMessageMatching("none of the 3 pictures of numbers can be read; one of them: .* it is torn");
    }

    @Test
    void any_error_of_a_worker_comes_out_at_next() {
        Dataset odd = new Numbered(4) {
            @Override
            public Example example(int index) {
                throw new IllegalStateException("no such luck");
            }
        };
        assertThatThrownBy(() -> take(odd, options(2, 2), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no such luck");
    }

    @Test
    void few_batches_wait() throws InterruptedException {
        AtomicInteger started = new AtomicInteger();
        Dataset counted = new Numbered(1000) {
            @Override
            public Example example(int index) {
                started.incrementAndGet();
                return super.example(index);
            }
        };
        try (BatchLoader loader = new BatchLoader(counted, FLIPS, options(10, 2))) {
            loader.next();
            Thread.sleep(300);
            assertThat(started.get()).isLessThanOrEqualTo(10 * 6);
        }
    }

    @Test
    void closing_ends_the_threads_even_while_they_work() {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Dataset slow = new Numbered(100_000) {
            @Override
            public Example example(int index) {
                threads.add(Thread.currentThread());
                LockSupport.parkNanos(index == 0 ? 0 : 1_000_000);
                return super.example(index);
            }
        };
        BatchLoader loader = new BatchLoader(slow, FLIPS, options(100, 2));
        loader.next(); // and the workers are at the next ones
        long before = System.nanoTime();
        loader.close();
        assertThat((System.nanoTime() - before) / 1e9).as("seconds to close").isLessThan(2);
        assertThat(threads).doesNotContain(Thread.currentThread()).noneMatch(Thread::isAlive);
        assertThatThrownBy(loader::next)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("this loader is closed");
    }

    @Test
    void too_few_pictures_for_a_batch_are_refused() {
        LoaderOptions options = new LoaderOptions(8, true, true, 1, 1, OnBroken.SKIP, 0, 0);
        assertThatThrownBy(() -> new BatchLoader(new Numbered(7), FLIPS, options))
                .hasMessage("numbers has 7 pictures, too few for a batch of 8");
    }

    @Test
    void pictures_kept_in_memory_are_read_once_and_change_nothing() {
        DataConfig config = new DataConfig(
                "numbers",
                3,
                ChannelMode.RGB,
                ResizeMode.EXACT,
                true,
                10,
                OnBroken.SKIP,
                CacheMode.MEMORY,
                2,
                false,
                1,
                false,
                0,
                false,
                null,
                null,
                null,
                KeepMode.LIVE,
                KeepMode.LIVE);
        DataConfig bare = new DataConfig(
                "numbers",
                3,
                ChannelMode.RGB,
                ResizeMode.EXACT,
                true,
                10,
                OnBroken.SKIP,
                CacheMode.NONE,
                1,
                false,
                1,
                false,
                0,
                false,
                null,
                null,
                null,
                KeepMode.LIVE,
                KeepMode.LIVE);
        Numbered numbers = new Numbered(30, 2);
        List<Batch> kept;
        List<Batch> fresh;
        try (TrainingData data = TrainingData.of(config, numbers);
                BatchLoader loader = data.loader(4, 1, 0)) {
            kept = IntStream.range(0, 12).mapToObj(i -> loader.next()).toList();
            assertThat(data.bytesToCome(1000)).as("all are there").isZero();
        }
        try (TrainingData data = TrainingData.of(config, new Numbered(30, 2))) {
            assertThat(data.bytesToCome(1000)).isEqualTo(10 * (27 + 100));
            assertThat(data.bytesToCome(4)).isEqualTo(4 * (27 + 100));
        }
        assertThat(numbers.reads).hasSize(10);
        assertThat(numbers.reads.values()).allMatch(reads -> reads <= 2);
        try (TrainingData data = TrainingData.of(bare, numbers);
                BatchLoader loader = data.loader(4, 1, 0)) {
            fresh = IntStream.range(0, 12).mapToObj(i -> loader.next()).toList();
            assertThat(data.bytesToCome(1000)).isZero();
        }
        assertSame(kept, fresh);
        assertThat(kept.get(0).shape()).containsExactly(4, 3, 3, 3);
    }
}
