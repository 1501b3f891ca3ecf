// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.data.inspect.DataStats;
import dev.diffusion4j.data.view.Subset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** MNIST and photos, where the system property {@code diffusion4j.data} names a folder that has them. */
class RealDataTest {
    private static Path folder(String name) {
        Path folder = Path.of(System.getProperty("diffusion4j.data", "none"), name);
        assumeTrue(Files.isDirectory(folder), "there is no " + folder);
        return folder;
    }

    @Test
    void mnist_has_the_published_counts_labels_and_levels() {
        Path mnist = folder("mnist");
        Dataset train = DataSources.open("idx:" + mnist);
        Dataset test = DataSources.open("idx:" + mnist + ":test");
        assertThat(train.size()).isEqualTo(60_000);
        assertThat(test.size()).isEqualTo(10_000);
        assertThat(DataSources.open("idx:" + mnist + ":all").size()).isEqualTo(70_000);
        assertThat(IntStream.range(0, 10).map(i -> train.example(i).label()))
                .containsExactly(5, 0, 4, 1, 9, 2, 1, 3, 1, 4);
        assertThat(IntStream.range(0, 5).map(i -> test.example(i).label())).containsExactly(7, 2, 1, 0, 4);
        DataStats stats = DataStats.of(train, 2);
        assertThat(stats.mean().get(0)).isCloseTo(0.1307, within(5e-5));
        assertThat(stats.std().get(0)).isCloseTo(0.3081, within(5e-5));
        assertThat(stats.classes()).containsEntry("5", 5421).containsEntry("1", 6742);
    }

    @Test
    void photos_are_read_without_a_broken_one() {
        try (Dataset flowers = Subset.sample(DataSources.open("folder:" + folder("flowers")), 400)) {
            DataStats stats = DataStats.of(flowers, 2);
            assertThat(stats.broken()).isEmpty();
            assertThat(flowers.classNames()).containsExactly("daisy", "dandelion", "rose", "sunflower", "tulip");
            assertThat(stats.classes().values()).allMatch(count -> count > 50);
            assertThat(stats.maxWidth()).isEqualTo(128);
        }
    }
}
