// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.source.FolderSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderSourceTest {
    @TempDir
    Path folder;

    @BeforeEach
    void write() throws IOException {
        TestFiles.picture(folder.resolve("red/a.png"), 8, 6, 0xff0000);
        TestFiles.picture(folder.resolve("red/deeper/b.PNG"), 5, 6, 0xee0000);
        TestFiles.picture(folder.resolve("blue/z.png"), 7, 7, 0x0000ff);
        TestFiles.picture(folder.resolve(".hidden/no.png"), 1, 1, 0);
        TestFiles.picture(folder.resolve("red/.no.png"), 1, 1, 0);
        Files.writeString(folder.resolve("red/notes.txt"), "not a picture");
    }

    private Dataset open() {
        return DataSources.open("folder:" + folder);
    }

    @Test
    void the_first_folder_is_the_class_and_names_give_the_order() {
        FolderSource source = FolderSource.open(folder);
        assertThat(source.classNames()).containsExactly("blue", "red");
        assertThat(IntStream.range(0, 3).mapToObj(source::name))
                .containsExactly("blue/z.png", "red/a.png", "red/deeper/b.PNG");
        assertThat(IntStream.range(0, 3).map(i -> source.example(i).label())).containsExactly(0, 1, 1);
        assertThat(source.example(2).image().level(0, 0, 0)).isEqualTo(0xee);
    }

    @Test
    void pictures_at_the_top_have_no_class() {
        TestFiles.picture(folder.resolve("top.png"), 4, 4, 0x00ff00);
        FolderSource source = FolderSource.open(folder);
        assertThat(source.classNames()).isEmpty();
        assertThat(source.size()).isEqualTo(4);
        assertThat(source.example(3).label()).isEqualTo(-1);
    }

    @Test
    void captions_come_from_metadata_files() throws IOException {
        Files.writeString(
                folder.resolve("metadata.jsonl"),
                """
                {"file_name": "red/a.png", "text": "a red wall"}

                {"file_name": "gone.png", "text": "nobody"}
                {"file_name": "blue/z.png", "caption": "the sea", "other": 3}
                """);
        Files.writeString(
                folder.resolve("red/deeper/metadata.jsonl"), "{\"file_name\": \"b.PNG\", \"text\": \"a wine\"}");
        Dataset source = open();
        assertThat(IntStream.range(0, 3).mapToObj(i -> source.example(i).caption()))
                .containsExactly("the sea", "a red wall", "a wine");
        Files.writeString(folder.resolve("metadata.jsonl"), "{\"file_name\": \"red/a.png\"}\n{\"text\": \"x\"}");
        assertThatThrownBy(this::open)
                .isInstanceOf(Problem.class)
                .hasMessageEndingWith("metadata.jsonl, line 2: there is no file_name");
    }

    @Test
    void a_file_name_in_metadata_may_be_written_in_other_ways() throws IOException {
        Files.writeString(
                folder.resolve("metadata.jsonl"),
                """
                \ufeff{"file_name": "./red/a.png", "text": "a"}
                {"file_name": "red//deeper/../deeper/b.PNG", "text": "b"}
                {"file_name": "/blue/z.png", "text": "from the root of the disk"}
                """);
        assertThat(IntStream.range(0, 3).mapToObj(i -> open().example(i).caption()))
                .containsExactly(null, "a", "b");
        Files.write(folder.resolve("metadata.jsonl"), new byte[] {'{', (byte) 0xff, '}'});
        assertThatThrownBy(this::open).hasMessageEndingWith("metadata.jsonl is not UTF-8 text: save it as UTF-8");
    }

    @Test
    void folders_named_train_and_test_are_parts_whose_folders_are_classes() {
        for (String name : List.of("train/ant/1", "train/bee/2", "test/bee/3", "validation/ant/4", "test/cat/5")) {
            TestFiles.picture(folder.resolve("parts/" + name + ".png"), 4, 4, 0);
        }
        String spec = "folder:" + folder.resolve("parts");
        assertThat(names(spec)).containsExactly("train/ant/1.png", "train/bee/2.png");
        assertThat(names(spec + ":test")).containsExactly("test/bee/3.png", "test/cat/5.png");
        assertThat(names(spec + ":validation")).containsExactly("validation/ant/4.png");
        assertThat(DataSources.open(spec + ":test").classNames()).containsExactly("ant", "bee", "cat");
        assertThat(DataSources.open(spec + ":test").example(1).label()).isEqualTo(2);
        assertThat(names(spec + ":all")).hasSize(5);
        assertThatThrownBy(() -> DataSources.open(spec + ":tset"))
                .hasMessageContaining("parts has no part tset (did you mean 'test'?); it has train, validation, test");
    }

    @Test
    void names_without_a_training_part_are_one_whole() {
        TestFiles.picture(folder.resolve("shots/test-1.png"), 4, 4, 0);
        TestFiles.picture(folder.resolve("shots/garden.png"), 4, 4, 0);
        assertThat(names("folder:" + folder.resolve("shots"))).hasSize(2);
    }

    private static List<String> names(String spec) {
        FolderSource source = (FolderSource) DataSources.open(spec);
        return IntStream.range(0, source.size()).mapToObj(source::name).toList();
    }

    @Test
    void pictures_are_found_by_all_their_endings_or_their_first_bytes() throws IOException {
        Path mixed = folder.resolve("mixed");
        Path png = TestFiles.picture(mixed.resolve("a.png"), 4, 4, 0);
        Files.write(mixed.resolve("b.jfif"), Files.readAllBytes(png));
        Files.write(mixed.resolve("c"), Files.readAllBytes(png));
        Files.writeString(mixed.resolve("d.ppm"), "P3 1 1 255 9 9 9");
        Files.writeString(mixed.resolve("LICENSE"), "not a picture");
        assertThat(names("folder:" + mixed)).containsExactly("a.png", "b.jfif", "c", "d.ppm");
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("a.avif"), "");
        Files.writeString(other.resolve("b.HEIC"), "");
        assertThatThrownBy(() -> FolderSource.open(other)).hasMessageEndingWith("; not read: 1 .avif, 1 .heic");
    }

    @Test
    void the_fingerprint_sees_names_sizes_and_captions_but_not_times() throws IOException {
        String before = open().fingerprint();
        Files.setLastModifiedTime(folder.resolve("red/a.png"), java.nio.file.attribute.FileTime.fromMillis(1));
        assertThat(open().fingerprint()).isEqualTo(before);
        Files.writeString(folder.resolve("metadata.jsonl"), "{\"file_name\": \"red/a.png\", \"text\": \"x\"}");
        String captioned = open().fingerprint();
        assertThat(captioned).isNotEqualTo(before);
        Files.move(folder.resolve("red/a.png"), folder.resolve("red/c.png"));
        assertThat(open().fingerprint()).isNotEqualTo(captioned).isNotEqualTo(before);
    }

    @Test
    void a_broken_file_is_named_with_the_reason() throws IOException {
        Files.writeString(folder.resolve("blue/broken.jpg"), "no JPEG");
        assertThatThrownBy(() -> open().example(0))
                .isInstanceOf(BrokenExampleException.class)
                .hasMessage("blue/broken.jpg: it is not a JPEG, PNG, WebP, GIF, BMP, TIFF or PPM file");
    }

    @Test
    void a_folder_without_pictures_is_refused() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> DataSources.open("folder:" + empty)).hasMessageContaining("holds no pictures");
        assertThatThrownBy(() -> DataSources.open("folder:" + folder + "/none"))
                .hasMessageContaining("there is no folder");
    }
}
