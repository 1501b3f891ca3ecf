// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every source promises. A new one gets these tests by naming itself in one method. */
abstract class SourceContract {
    /** Opens the same data each time. */
    abstract Dataset open();

    /** How many pictures it has. */
    abstract int expectedSize();

    private static boolean same(Example a, Example b) {
        return a.label() == b.label()
                && java.util.Objects.equals(a.caption(), b.caption())
                && a.image().width() == b.image().width()
                && Arrays.equals(a.image().pixels(), b.image().pixels());
    }

    private static int[] sample(Dataset dataset) {
        return IntStream.range(0, 50)
                .map(i -> (int) ((long) i * (dataset.size() - 1) / 49))
                .toArray();
    }

    @Test
    void opening_it_again_gives_the_same_pictures_in_the_same_order() {
        try (Dataset first = open();
                Dataset second = open()) {
            assertThat(first.size()).isEqualTo(expectedSize());
            assertThat(second.fingerprint()).isEqualTo(first.fingerprint()).hasSize(64);
            for (int index : sample(first)) {
                assertThat(same(first.example(index), second.example(index))).isTrue();
            }
        }
    }

    @Test
    void several_threads_may_read_at_once() throws Exception {
        try (Dataset dataset = open()) {
            int[] indices = sample(dataset);
            List<Example> alone =
                    Arrays.stream(indices).mapToObj(dataset::example).toList();
            ExecutorService threads = Executors.newFixedThreadPool(4);
            List<Future<Example>> together = new ArrayList<>();
            for (int index : indices) {
                together.add(threads.submit(() -> dataset.example(index)));
            }
            for (int i = 0; i < indices.length; i++) {
                assertThat(same(together.get(i).get(), alone.get(i))).isTrue();
            }
            threads.shutdown();
        }
    }

    @Test
    void labels_have_names_and_pictures_the_channels_that_were_promised() {
        try (Dataset dataset = open()) {
            Set<Integer> labels = new HashSet<>();
            for (int index : sample(dataset)) {
                Example example = dataset.example(index);
                assertThat(example.image().channels()).isLessThanOrEqualTo(dataset.channels());
                labels.add(example.label());
            }
            if (dataset.classNames().isEmpty()) {
                assertThat(labels).containsOnly(-1);
            } else {
                assertThat(labels)
                        .allMatch(label ->
                                label >= 0 && label < dataset.classNames().size());
            }
            assertThat(dataset.naturalSize()).isPositive();
            assertThat(dataset.description()).isNotBlank();
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
