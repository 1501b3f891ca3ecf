// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxSourceTest {
    @TempDir
    Path folder;

    @BeforeEach
    void write() throws IOException {
        TestFiles.idxFolder(folder);
    }

    private Dataset open() {
        return DataSources.open("idx:" + folder + ":all");
    }

    @Test
    void training_and_test_files_are_read_plain_or_gzipped() {
        Dataset train = DataSources.open("idx:" + folder);
        Dataset test = DataSources.open("idx:" + folder + ":test");
        assertThat(train.size()).isEqualTo(30);
        assertThat(test.size()).isEqualTo(10);
        assertThat(train.classNames()).containsExactly("0", "1", "2", "3");
        PixelImage first = test.example(0).image();
        assertThat(first.width()).isEqualTo(12);
        assertThat(first.height()).isEqualTo(9);
        byte[] file = TestFiles.idx(256, 2, 10, 9, 12);
        assertThat(first.pixels()).isEqualTo(Arrays.copyOfRange(file, 16, 16 + 12 * 9));
        assertThat(open().example(30).image().pixels()).isEqualTo(first.pixels());
        assertThat(test.example(5).label()).isEqualTo(1);
    }

    @Test
    void without_labels_there_are_no_classes() throws IOException {
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        Dataset test = DataSources.open("idx:" + folder + ":test");
        assertThat(test.classNames()).isEmpty();
        assertThat(test.example(0).label()).isEqualTo(-1);
    }

    @Test
    void what_is_wrong_is_said_with_the_files_name() throws IOException {
        Path images = folder.resolve("t10k-images-idx3-ubyte");
        byte[] file = Files.readAllBytes(images);
        Files.write(images, Arrays.copyOf(file, file.length - 1));
        assertFails("t10k-images-idx3-ubyte is cut short: it has 1079 of 1080 values");
        Files.write(images, TestFiles.idx(256, 1, 11, 9, 12));
        assertFails("has 11 pictures, but");
        Files.write(images, "no such thing".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertFails("is not an IDX file");
        byte[] huge = file.clone();
        Arrays.fill(huge, 4, 16, (byte) 0x7f);
        Files.write(images, huge);
        assertFails("claims a size of");
        byte[] gzip = TestFiles.gzip(file);
        Files.write(images, Arrays.copyOf(gzip, gzip.length / 2));
        assertFails("t10k-images-idx3-ubyte is cut short");
        Files.delete(images);
        assertFails("has no t10k-images-idx3-ubyte, plain or .gz");
    }

    private void assertFails(String message) {
        assertThatThrownBy(() -> DataSources.open("idx:" + folder + ":test"))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.FAILURE))
                .hasMessageContaining(message);
    }
}
