// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The built-in data sets that need no network: those that are fetched are read by the same classes. */
class BuiltInDatasetsTest {

    private abstract static class Named extends DatasetContract {
        private final String spec;
        private final int size;

        Named(String spec, int size) {
            this.spec = spec;
            this.size = size;
        }

        @Override
        protected Dataset open() {
            return DataSources.open(spec);
        }

        @Override
        protected int expectedSize() {
            return size;
        }
    }

    @Nested
    class Digits extends Named {
        Digits() {
            super("digits", 60_000);
        }
    }

    @Nested
    class Shapes extends Named {
        Shapes() {
            super("shapes", 30_000);
        }
    }

    @Nested
    class Scenes extends Named {
        Scenes() {
            super("scenes", 1_000_000);
        }
    }

    @Nested
    class Zog extends Named {
        Zog() {
            super("zog", 5);
        }
    }

    @Nested
    class ZogScenes extends Named {
        ZogScenes() {
            super("zog_scenes", 1_000_000);
        }
    }

    @Nested
    class Folder extends DatasetContract {
        @TempDir
        Path folder;

        @BeforeEach
        void write() throws IOException {
            for (int i = 0; i < 6; i++) {
                BufferedImage picture = new BufferedImage(5 + i, 9, BufferedImage.TYPE_3BYTE_BGR);
                picture.setRGB(i % 5, i, 0x336699 + i);
                PngFile.write(folder.resolve(i % 2 == 0 ? "even" : "odd").resolve(i + ".png"), picture);
            }
            Files.writeString(folder.resolve("metadata.jsonl"), "{\"file_name\": \"odd/3.png\", \"text\": \"three\"}");
        }

        @Override
        protected Dataset open() {
            return DataSources.open("folder:" + folder);
        }

        @Override
        protected int expectedSize() {
            return 6;
        }
    }

    @Nested
    class Idx extends DatasetContract {
        @TempDir
        Path folder;

        @BeforeEach
        void write() throws IOException {
            byte[] pixels = new byte[7 * 12 * 9];
            new Random(1).nextBytes(pixels);
            ByteBuffer images = ByteBuffer.allocate(16 + pixels.length);
            images.putInt(0x803).putInt(7).putInt(12).putInt(9).put(pixels);
            Files.write(folder.resolve("train-images-idx3-ubyte"), images.array());
            byte[] labels = {0, 0, 8, 1, 0, 0, 0, 7, 0, 1, 2, 0, 1, 2, 0};
            Files.write(folder.resolve("train-labels-idx1-ubyte"), labels);
        }

        @Override
        protected Dataset open() {
            return DataSources.open("idx:" + folder);
        }

        @Override
        protected int expectedSize() {
            return 7;
        }
    }

    @Nested
    class Parquet extends DatasetContract {
        @TempDir
        Path cache;

        @Override
        protected Dataset open() {
            Path folder = Path.of("../training/src/test/resources/golden/hub-data/plain");
            return DataSources.open("parquet:" + folder, new SourceOptions(0, 0, cache, null));
        }

        @Override
        protected int expectedSize() {
            return 8;
        }
    }
}
