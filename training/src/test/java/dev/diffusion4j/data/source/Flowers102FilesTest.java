// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.OnBroken;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.data.loader.LoaderOptions;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.data.transform.StandardTransform;
import dev.diffusion4j.data.view.Subset;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A small archive of the original's form, from a server on this machine; and the original's numbers. */
@Timeout(60)
class Flowers102FilesTest {
    @TempDir
    Path cache;

    private HttpServer server;
    private final List<String> requests = new ArrayList<>();

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            requests.add(path);
            byte[] content = content(path.substring(path.lastIndexOf('/') + 1));
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static byte[] content(String name) throws IOException {
        return Objects.requireNonNull(Flowers102FilesTest.class.getResourceAsStream("/flowers102/" + name), name)
                .readAllBytes();
    }

    private Flowers102Files files() throws IOException {
        String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
        Map<String, String> checksums = Map.of(
                Flowers102Files.ARCHIVE, Hashes.hex(Hashes.digest("SHA-256").digest(content(Flowers102Files.ARCHIVE))),
                Flowers102Files.LABELS, Hashes.hex(Hashes.digest("MD5").digest(content(Flowers102Files.LABELS))),
                Flowers102Files.PARTS, Hashes.hex(Hashes.digest("MD5").digest(content(Flowers102Files.PARTS))));
        return new Flowers102Files(new FetchedFiles("flowers102", "DIFFUSION4J_TEST_URL", List.of(address), checksums));
    }

    private SourceOptions options() {
        return new SourceOptions(0, 0, cache, null);
    }

    @Test
    void the_archive_is_fetched_once_and_cut_four_to_one() throws IOException {
        try (Dataset train = files().open(Split.TRAIN, options());
                Dataset test = files().open(Split.TEST, options());
                Dataset all = files().open(Split.ALL, options())) {
            assertThat(requests).containsExactlyInAnyOrder("/imagelabels.mat", "/setid.mat", "/102flowers.tgz");
            assertThat(train.size()).isEqualTo(16);
            assertThat(test.size()).isEqualTo(4);
            assertThat(all.size()).isEqualTo(20);
            assertThat(train.classNames())
                    .hasSize(102)
                    .startsWith("pink primrose")
                    .endsWith("blackberry lily");
            TreeSet<Integer> reds = new TreeSet<>();
            for (Dataset part : List.of(train, test)) {
                for (int i = 0; i < part.size(); i++) {
                    Example example = part.example(i);
                    int number = Math.round((example.image().pixels()[0] & 0xff) / 10f); // as the photo was painted
                    assertThat(example.label()).isEqualTo(99 + (number - 1) % 3);
                    reds.add(number);
                }
            }
            assertThat(reds).hasSize(20);
        }
        assertThat(cache.resolve("datasets/flowers102/102flowers.tgz")).doesNotExist();
        assertThat(cache.resolve("datasets/flowers102/jpg")).isDirectoryContaining("glob:**image_00020.jpg");
    }

    @Test
    void a_photo_that_is_missing_is_named() throws IOException {
        files().open(Split.ALL, options()).close();
        Files.delete(cache.resolve("datasets/flowers102/jpg/image_00007.jpg"));
        assertThatThrownBy(() -> files().open(Split.ALL, options()))
                .hasMessageContaining("image_00007.jpg")
                .hasMessageContaining("fetched anew");
        Files.write(cache.resolve("datasets/flowers102/setid.mat"), new byte[200]);
        assertThatThrownBy(() -> files().open(Split.ALL, options())).hasMessageContaining("setid.mat");
    }

    @Test
    void the_originals_parts_give_the_lessons_batches() {
        Map<String, int[]> parts = Map.of(
                "trnid", IntStream.rangeClosed(1, 1020).toArray(),
                "valid", IntStream.rangeClosed(1021, 2040).toArray(),
                "tstid", IntStream.rangeClosed(2041, 8189).toArray());
        Path file = Path.of("setid.mat");
        int[] train = Flowers102Files.ids(parts, Split.TRAIN, file);
        int[] test = Flowers102Files.ids(parts, Split.TEST, file);
        assertThat(train).hasSize(6551);
        assertThat(test).hasSize(1638);
        assertThat(IntStream.concat(IntStream.of(train), IntStream.of(test)).distinct())
                .hasSize(8189);
        assertThat(batches(train.length)).isEqualTo(511);
        assertThat(batches(test.length)).isEqualTo(127);
    }

    /** Each picture five times, batches of 64, the last one dropped. */
    private static int batches(int pictures) {
        Dataset digits = Subset.range(DataSources.open("digits:all"), 0, pictures);
        LoaderOptions options = new LoaderOptions(64, true, true, 5, 1, OnBroken.SKIP, 0, 0);
        StandardTransform transform = new StandardTransform(1, 8, ResizeMode.EXACT, false);
        try (digits;
                BatchLoader loader = new BatchLoader(digits, transform, options)) {
            return loader.batchesPerEpoch();
        }
    }

    @Test
    void a_share_held_back_by_chance_is_the_same_each_time_and_not_trained_on() {
        DataConfig digits = DataConfig.DEFAULT;
        try (Dataset kept = Subset.split(DataSources.open("digits:test"), 0.2, false);
                Dataset held = Subset.split(DataSources.open("digits:test"), 0.2, true)) {
            int all = kept.size() + held.size();
            assertThat(held.size()).isEqualTo(Math.round(0.2 * all));
            assertThat(held.fingerprint()).isNotEqualTo(kept.fingerprint());
        }
        assertThatThrownBy(() -> TrainingData.heldBackOf(digits, DataSources.open("digits")))
                .hasMessageContaining("data.validation_share");
        try (TrainingData tested = TrainingData.openHeldBack(digits, SourceOptions.defaults())) {
            assertThat(tested.dataset().description()).contains("digits (test)");
        }
    }
}
