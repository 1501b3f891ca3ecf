// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderSourceTest extends SourceContract {
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

    @Override
    Dataset open() {
        return DataSources.open("folder:" + folder);
    }

    @Override
    int expectedSize() {
        return 3;
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
                .isInstanceOf(UserError.class)
                .hasMessageEndingWith("metadata.jsonl, line 2: there is no file_name");
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
                .hasMessage("blue/broken.jpg: it is no JPEG, PNG, WebP, GIF or BMP file");
    }

    @Test
    void a_folder_without_pictures_is_refused() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> DataSources.open("folder:" + empty)).hasMessageContaining("holds no pictures");
        assertThatThrownBy(() -> DataSources.open("folder:" + folder + "/none"))
                .hasMessageContaining("there is no folder");
    }
}
