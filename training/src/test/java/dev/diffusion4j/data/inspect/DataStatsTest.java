// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TestFiles;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.ChannelNormalizer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataStatsTest {
    @TempDir
    Path folder;

    @Test
    void stats_tell_sizes_classes_levels_and_broken_files() throws IOException {
        TestFiles.picture(folder.resolve("a/1.png"), 4, 4, 0xff0000);
        TestFiles.picture(folder.resolve("a/2.png"), 4, 8, 0x000000);
        TestFiles.picture(folder.resolve("b/3.png"), 16, 1, 0x000033);
        Files.writeString(folder.resolve("b/4.jpg"), "torn");
        DataStats stats = DataStats.of(DataSources.open("folder:" + folder), 2);
        assertThat(stats.count()).isEqualTo(4);
        assertThat(stats.classes()).containsExactly(java.util.Map.entry("a", 2), java.util.Map.entry("b", 1));
        assertThat(new int[] {stats.minWidth(), stats.maxWidth(), stats.minHeight(), stats.maxHeight()})
                .containsExactly(4, 16, 1, 8);
        assertThat(stats.channels()).isEqualTo(3);
        assertThat(stats.broken()).containsExactly("b/4.jpg: it is not a JPEG, PNG, WebP, GIF, BMP, TIFF or PPM file");
        assertThat(stats.mean().get(0)).isCloseTo(16 / 64.0, within(1e-9));
        assertThat(stats.std().get(0)).isCloseTo(Math.sqrt(0.25 * 0.75), within(1e-9));
        assertThat(stats.mean().get(2)).isCloseTo(0.2 * 16 / 64, within(1e-9));
        assertThat(stats.text())
                .contains("4 pictures, RGB", "width 4 to 16, height 1 to 8", "a 2, b 1", "1 cannot be read");
        assertThat(DataStats.of(DataSources.open("folder:" + folder), 1)).isEqualTo(stats);
    }

    @Test
    void a_preview_has_a_label_below_each_picture() {
        BufferedImage grid = DataPreview.grid(DataSources.open("digits"), 12, 6, 56, 0);
        assertThat(grid.getWidth()).isEqualTo(6 * 58 + 2);
        assertThat(grid.getHeight()).isEqualTo(2 * (56 + 14 + 2) + 2);
        int dark = 0;
        for (int y = 2 + 56; y < 2 + 56 + 14; y++) {
            for (int x = 0; x < grid.getWidth(); x++) {
                dark += (grid.getRGB(x, y) & 0xff) < 128 ? 1 : 0;
            }
        }
        assertThat(dark).as("pixels of letters").isGreaterThan(20);
        BufferedImage captions = DataPreview.grid(DataSources.open("shapes"), 5, 8, 96, 0);
        assertThat(captions.getWidth()).isEqualTo(5 * 98 + 2);
    }

    @Test
    void normalised_channels_have_mean_0_and_variance_1_and_come_back() {
        DataConfig config = dev.diffusion4j.json.Records.with(
                DataConfig.DEFAULT, java.util.Map.of("source", "shapes", "image_size", 16, "limit", 200));
        try (TrainingData data = TrainingData.open(config, SourceOptions.defaults());
                BatchLoader loader = data.inOrder(50);
                BatchLoader again = data.inOrder(200)) {
            ChannelNormalizer normalizer = ChannelNormalizer.adapt(loader);
            Tensor images = again.next().images();
            Tensor normal = normalizer.apply(images);
            for (int c = 0; c < 3; c++) {
                Tensor channel = normal.select(1, c);
                assertThat(channel.mean().item_float()).isCloseTo(0, within(1e-4f));
                assertThat(channel.var(false).item_float()).isCloseTo(1, within(1e-3f));
            }
            float worst = normalizer.invert(normal).sub(images).abs().max().item_float();
            assertThat(worst).isLessThan(1e-5f);
            Tensor beyond = normal.mul(new org.bytedeco.pytorch.Scalar(9.0));
            assertThat(normalizer.invert(beyond).abs().max().item_float()).isEqualTo(1);
        }
    }
}
