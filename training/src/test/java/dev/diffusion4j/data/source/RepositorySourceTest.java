// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data sets that Python's {@code datasets} wrote, from a server that speaks the Hub's protocol, and from a folder. */
final class RepositorySourceTest {
    private static final Path GOLDEN = Golden.path("hub-data");

    @TempDir
    Path home;

    private HubServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new HubServer();
        for (String name : List.of("plain", "card", "classes", "captions", "named")) {
            server.commit(HubRepo.dataset("ada/" + name), GOLDEN.resolve(name));
        }
    }

    @AfterEach
    void end() {
        server.close();
    }

    private HubClient client(String... more) {
        Map<String, String> environment =
                new HashMap<>(Map.of("HF_ENDPOINT", server.endpoint(), "HF_HUB_DOWNLOAD_TIMEOUT", "1"));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return HubServer.client(HubSettings.of(environment, home));
    }

    private SourceOptions options(ColumnChoice columns) {
        return new SourceOptions(0, 0, home.resolve("cache"), null).withColumns(columns);
    }

    private Dataset open(String text, String... environment) {
        return RepositorySource.onHub(text, options(ColumnChoice.FOUND), client(environment));
    }

    private Dataset open(String text, ColumnChoice columns) {
        return RepositorySource.onHub(text, options(columns), client());
    }

    private void serve(String name, Map<String, byte[]> files) {
        server.commit(HubRepo.dataset("ada/" + name), files);
    }

    private static byte[] golden(String name) {
        try {
            return Files.readAllBytes(GOLDEN.resolve(name));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static void compare(Dataset dataset, String key) {
        Map<String, Object> expected =
                (Map<String, Object>) (Map<?, ?>) Json.readObject(GOLDEN.resolve("expected.json"));
        List<Map<String, Object>> rows = (List<Map<String, Object>>) expected.get(key);
        assertThat(dataset.size()).isEqualTo(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            Example example = dataset.example(i);
            Map<String, Object> row = rows.get(i);
            byte[] pixels =
                    Arrays.copyOf(example.image().pixels(), example.image().length());
            assertThat(Hashes.hex(Hashes.digest("SHA-256").digest(pixels)))
                    .as("%s, row %d", key, i)
                    .isEqualTo(row.get("pixels"));
            assertThat((long) example.label()).isEqualTo(row.get("label"));
            assertThat(example.caption()).isEqualTo(row.get("text"));
            assertThat(dataset.caption(i)).isEqualTo(row.get("text"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ada/plain, plain::train",
        "ada/plain@main:train, plain::train",
        "ada/plain:default:test, plain::test",
        "ada/card, card:colour:train",
        "ada/card:colour:train, card:colour:train",
        "ada/classes, classes::train",
        "ada/classes:test, classes::test",
        "ada/captions, captions::train"
    })
    void rows_are_those_that_python_reads(String text, String key) {
        try (Dataset dataset = open(text)) {
            compare(dataset, key);
        }
    }

    @Test
    void a_data_set_knows_its_classes_its_size_and_its_colours() {
        try (Dataset plain = open("ada/plain");
                Dataset grey = open("ada/card:grey", new ColumnChoice(null, null, "kind"));
                Dataset classes = open("ada/classes")) {
            assertThat(plain.classNames()).containsExactly("ant", "bee", "cat");
            assertThat(plain.description()).isEqualTo("hf:ada/plain (train)");
            assertThat(List.of(plain.channels(), plain.naturalSize())).containsExactly(3, 16);
            assertThat(grey.description()).isEqualTo("hf:ada/card (grey, everything)");
            assertThat(grey.classNames()).containsExactly("no", "yes");
            assertThat(grey.channels()).isEqualTo(1);
            assertThat(List.of(grey.example(0).label(), grey.example(1).label()))
                    .containsExactly(1, 0);
            assertThat(grey.caption(0)).isEqualTo("grey 0");
            assertThat(grey.caption(1)).isNull();
            assertThat(classes.classNames()).containsExactly("ant", "bee");
        }
    }

    @Test
    void columns_are_taken_by_name() {
        try (Dataset words = open("ada/plain", new ColumnChoice("image", null, "text"));
                Dataset about = open("ada/captions", new ColumnChoice(null, "about", null))) {
            assertThat(words.classNames()).hasSize(8).contains("number 3, “ant”");
            assertThat(words.classNames().get(words.example(3).label())).isEqualTo("number 3, “ant”");
            assertThat(about.caption(2)).isEqualTo("z");
        }
    }

    @Test
    void a_table_may_name_files_of_its_own_data_set_and_no_others() {
        try (Dataset dataset = open("ada/named")) {
            assertThat(dataset.size()).isEqualTo(6);
            for (int i = 0; i < 2; i++) {
                assertThat(dataset.example(i).image().width()).isEqualTo(16);
            }
            for (String path : List.of("hf://datasets/ada/other/pictures/1.png", "../pictures/0.png", "/etc/passwd")) {
                int row = path.startsWith("hf") ? 2 : path.startsWith("..") ? 3 : 4;
                assertThatThrownBy(() -> dataset.example(row))
                        .isInstanceOf(BrokenExampleException.class)
                        .hasMessage("hf:ada/named, train.parquet, row " + row + ": it names the file " + path
                                + ", which is not in the data set");
            }
            assertThatThrownBy(() -> dataset.example(5)).hasMessageContaining("it has neither bytes nor a path");
        }
    }

    @Test
    void a_second_start_needs_no_network_and_reads_nothing_anew() throws IOException {
        String fingerprint;
        try (Dataset dataset = open("ada/plain")) {
            fingerprint = dataset.fingerprint();
        }
        server.forgetRequests();
        try (Dataset again = open("ada/plain")) {
            assertThat(again.fingerprint()).isEqualTo(fingerprint);
        }
        assertThat(server.requests())
                .extracting(HubServer.Request::path)
                .containsExactly("/api/datasets/ada/plain/revision/main");
        server.close();
        try (Dataset gone = open("ada/plain")) {
            compare(gone, "plain::train");
        }
        try (Dataset offline = open("ada/plain", "HF_HUB_OFFLINE", "1")) {
            compare(offline, "plain::train");
        }
        assertThatThrownBy(() -> open("ada/plain:test", "HF_HUB_OFFLINE", "1"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("data/test-00000-of-00001.parquet of ada/plain")
                .hasMessageContaining("HF_HUB_OFFLINE");
        try (Stream<Path> packs = Files.list(home.resolve("cache/datasets/parquet"))) {
            assertThat(packs).hasSize(2);
        }
    }

    @Test
    void half_a_pack_is_made_anew() throws IOException {
        open("ada/card").close();
        Path pack;
        try (Stream<Path> packs = Files.list(home.resolve("cache/datasets/parquet"))) {
            pack = packs.findFirst().orElseThrow();
        }
        byte[] whole = Files.readAllBytes(pack);
        Files.write(pack, Arrays.copyOf(whole, whole.length - 5));
        try (Dataset dataset = open("ada/card")) {
            compare(dataset, "card:colour:train");
        }
        assertThat(Files.readAllBytes(pack)).isEqualTo(whole);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ada/plain:tset|REQUEST|hf:ada/plain has no split tset (did you mean 'test'?); it has train, test",
                "ada/plain:big:train|REQUEST|hf:ada/plain has no configuration big; it has one, default",
                "ada/card:gray:everything|REQUEST|has no configuration gray (did you mean 'grey'?); it has colour, grey",
                "ada/card:grey:train|REQUEST|hf:ada/card has no split train; it has everything",
                "ada/card:nothing|REQUEST|has no split nothing; it has train; its configurations: colour, grey",
                "ada/none|FAILURE|there is no data set ada/none on 127.0.0.1",
                "ada/plain@v9|FAILURE|has no revision 'v9'",
                "a:b:c:d|REQUEST|it must be hf:org/name[@revision][:config][:split]",
                "ada/plain:|REQUEST|it must be hf:org/name[@revision][:config][:split]",
                "not a name|REQUEST|'not a name' is no repository: write it as organisation/name; a data set of the Hub is hf:org",
            })
    void what_is_not_there_is_said_with_what_is(String text, Problem.Kind kind, String message) {
        assertThatThrownBy(() -> open(text))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    @Test
    void a_column_that_is_not_there_is_said_with_those_that_are() {
        assertThatThrownBy(() -> open("ada/plain", new ColumnChoice("imgae", null, null)))
                .isInstanceOfSatisfying(Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.REQUEST))
                .hasMessageContaining(
                        "imageColumn: hf:ada/plain, data/train-00000-of-00002.parquet has no column imgae"
                                + " (did you mean 'image'?); its columns: image (a picture), label (whole numbers), text (text)");
        assertThatThrownBy(() -> open("ada/plain", new ColumnChoice(null, "label", null)))
                .hasMessageContaining("the column label")
                .hasMessageContaining("holds whole numbers, not text");
        assertThatThrownBy(() -> open("ada/captions", new ColumnChoice(null, "abuot", null)))
                .hasMessageContaining("metadata.csv has no column abuot (did you mean 'about'?)");
        assertThatThrownBy(() -> DataSources.open(
                        "digits", SourceOptions.defaults().withColumns(new ColumnChoice("a", null, null))))
                .hasMessageContaining("the data source digits has no columns");
    }

    @Test
    void what_is_no_sound_data_set_is_refused_in_a_line() {
        byte[] whole = golden("plain/data/train-00000-of-00002.parquet");
        Map<String, byte[]> bad = new HashMap<>();
        bad.put("is not a Parquet file", "PNG, not a table".getBytes(StandardCharsets.UTF_8));
        bad.put("it is cut short", Arrays.copyOf(whole, whole.length / 2));
        byte[] wrongFooter = whole.clone();
        wrongFooter[whole.length - 5] = 0x7f;
        bad.put(": it is cut short", wrongFooter);
        bad.forEach((reason, bytes) -> {
            serve("bad", Map.of("train.parquet", bytes));
            assertThatThrownBy(() -> open("ada/bad"))
                    .isInstanceOfSatisfying(
                            Problem.class, e -> assertThat(e.kind()).isEqualTo(Problem.Kind.FAILURE))
                    .hasMessageContaining("cannot read hf:ada/bad, train.parquet")
                    .hasMessageContaining(reason);
        });
        serve("bad", Map.of("notes.txt", new byte[] {1}, "train.zip", new byte[] {2}));
        assertThatThrownBy(() -> open("ada/bad"))
                .hasMessageContaining(
                        "hf:ada/bad has no Parquet files and no pictures that can be read (it has 1 .zip)");
        serve("bad", Map.of("README.md", "---\nconfigs: [{\n---\n".getBytes(StandardCharsets.UTF_8)));
        assertThatThrownBy(() -> open("ada/bad"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("hf:ada/bad, README.md is not YAML");
    }

    /** Bytes that something went over on the way: an error of one line or other rows, and never another exception. */
    @Test
    void damaged_files_are_never_a_stack_trace() throws IOException {
        byte[] whole = golden("plain/data/test-00000-of-00001.parquet");
        int refused = 0;
        for (int i = 4; i < whole.length - 4; i += 37) {
            byte[] damaged = whole.clone();
            damaged[i] ^= (byte) (0x80 | i);
            Path file = home.resolve("damaged.parquet");
            Files.write(file, damaged);
            try (Dataset dataset = RepositorySource.onDisk(file.toString(), options(ColumnChoice.FOUND))) {
                dataset.size();
            } catch (Problem e) {
                refused++;
                assertThat(e.getMessage()).doesNotContain("\n").hasSizeLessThan(500);
            }
        }
        assertThat(refused).isGreaterThan(10);
    }

    @Test
    void a_picture_that_cannot_be_decoded_is_passed_over_or_stops_the_run() throws IOException {
        byte[] broken = golden("captions/1.png").clone();
        Arrays.fill(broken, 40, broken.length, (byte) 3);
        serve("bad", Map.of("0.png", golden("captions/0.png"), "1.png", broken));
        try (Dataset dataset = open("ada/bad")) {
            assertThat(dataset.example(0).image().width()).isEqualTo(16);
            assertThatThrownBy(() -> dataset.example(1))
                    .isInstanceOf(BrokenExampleException.class)
                    .hasMessageStartingWith("1.png: ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/outside.png", "a\\b.png", "c:d.png"})
    void names_cannot_leave_the_cache(String name) {
        serve("bad", Map.of(name, golden("captions/0.png")));
        assertThatThrownBy(() -> open("ada/bad"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("which would lie outside of its folder");
    }

    @Test
    void the_token_goes_to_the_endpoint_alone() {
        server.hide(HubRepo.dataset("ada/plain"));
        assertThatThrownBy(() -> open("ada/plain")).hasMessageContaining("or it is private");
        server.forgetRequests();
        open("ada/plain", "HF_TOKEN", "hf_right").close();
        assertThat(server.requests())
                .filteredOn(request -> request.host().equals("storage"))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request.token()).isEqualTo("null"));
    }

    @Test
    void a_folder_and_a_file_of_this_machine_are_read_the_same_way() {
        for (String text : List.of(
                GOLDEN.resolve("plain") + "",
                GOLDEN.resolve("plain") + ":train",
                GOLDEN.resolve("plain") + ":default:train")) {
            try (Dataset dataset = RepositorySource.onDisk(text, options(ColumnChoice.FOUND))) {
                compare(dataset, "plain::train");
            }
        }
        Path file = GOLDEN.resolve("plain/data/test-00000-of-00001.parquet");
        try (Dataset dataset = RepositorySource.onDisk(file.toString(), options(ColumnChoice.FOUND))) {
            compare(dataset, "plain::test");
        }
        assertThatThrownBy(() -> RepositorySource.onDisk("no/such/folder", options(ColumnChoice.FOUND)))
                .hasMessageContaining("there is no file or folder no/such/folder");
    }
}
