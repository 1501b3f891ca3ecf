// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every data set promises. */
public abstract class DatasetContract {
    private static final int LOOKED_AT = 50;

    /** Opens the same data each time; the contract closes it. All its pictures can be read. */
    protected abstract Dataset open();

    /** How many pictures it has, one at least. */
    protected abstract int expectedSize();

    private static boolean same(Example a, Example b) {
        PixelImage one = a.image();
        PixelImage other = b.image();
        return a.label() == b.label()
                && Objects.equals(a.caption(), b.caption())
                && one.width() == other.width()
                && one.height() == other.height()
                && one.channels() == other.channels()
                && Arrays.equals(one.pixels(), 0, one.length(), other.pixels(), 0, other.length());
    }

    /** Some places, the first and the last among them. */
    private static int[] places(Dataset dataset) {
        return IntStream.range(0, LOOKED_AT)
                .map(i -> (int) ((long) i * (dataset.size() - 1) / (LOOKED_AT - 1)))
                .distinct()
                .toArray();
    }

    @Test
    void opening_it_again_gives_the_same_pictures_in_the_same_order() {
        try (Dataset first = open();
                Dataset second = open()) {
            assertThat(first.size()).isEqualTo(expectedSize());
            assertThat(second.fingerprint()).isEqualTo(first.fingerprint()).isNotBlank();
            for (int index : places(first)) {
                assertThat(same(first.example(index), second.example(index)))
                        .as("picture %d", index)
                        .isTrue();
            }
        }
    }

    @Test
    void several_threads_may_read_at_once() throws Exception {
        try (Dataset dataset = open()) {
            int[] places = places(dataset);
            List<Example> alone =
                    Arrays.stream(places).mapToObj(dataset::example).toList();
            ExecutorService threads = Executors.newFixedThreadPool(4);
            try {
                List<Future<Example>> together = new ArrayList<>();
                for (int index : places) {
                    together.add(threads.submit(() -> dataset.example(index)));
                }
                for (int i = 0; i < places.length; i++) {
                    assertThat(same(together.get(i).get(), alone.get(i)))
                            .as("picture %d", places[i])
                            .isTrue();
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Test
    void labels_have_names_and_pictures_the_channels_that_were_promised() {
        try (Dataset dataset = open()) {
            Set<Integer> labels = new HashSet<>();
            for (int index : places(dataset)) {
                Example example = dataset.example(index);
                assertThat(example.image().channels()).isLessThanOrEqualTo(dataset.channels());
                labels.add(example.label());
            }
            int classes = dataset.classNames().size();
            assertThat(labels).allMatch(label -> label >= -1 && label < classes);
            assertThat(dataset.channels()).isIn(1, 3);
            assertThat(dataset.naturalSize()).isPositive();
            assertThat(dataset.description()).isNotBlank();
        }
    }

    @Test
    void a_caption_and_a_label_are_the_same_with_and_without_their_picture() {
        try (Dataset dataset = open()) {
            for (int index : places(dataset)) {
                assertThat(dataset.caption(index))
                        .isEqualTo(dataset.example(index).caption());
                String exchanged = dataset.exchanged(index);
                assertThat(exchanged == null || !exchanged.equals(dataset.caption(index)))
                        .as("an exchanged caption is another one")
                        .isTrue();
            }
        }
    }

    @Test
    void a_prepared_picture_is_the_picture_prepared_and_is_kept_by_the_next_one() {
        StandardTransform transform = new StandardTransform(3, 8, ResizeMode.EXACT, false);
        try (Dataset dataset = open()) {
            int[] places = places(dataset);
            List<Example> prepared = Arrays.stream(places)
                    .mapToObj(index -> dataset.prepared(index, transform))
                    .toList();
            for (int i = 0; i < places.length; i++) {
                Example expected = dataset.example(places[i]).prepared(transform);
                assertThat(same(prepared.get(i), expected))
                        .as("picture %d", places[i])
                        .isTrue();
            }
        }
    }

    @Test
    void there_is_nothing_before_the_first_and_behind_the_last() {
        try (Dataset dataset = open()) {
            assertThatThrownBy(() -> dataset.example(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> dataset.example(dataset.size())).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }
}
