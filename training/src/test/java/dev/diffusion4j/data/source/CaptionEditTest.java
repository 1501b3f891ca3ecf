// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written as a caption is what is read of the folder afterwards. */
class CaptionEditTest {
    private static final String EVIL = "a \"fox\", <img onerror=…>\nand 'more'";

    @TempDir
    Path root;

    @BeforeEach
    void pictures() throws IOException {
        Files.createDirectories(root.resolve("b"));
        for (String name : new String[] {"a.png", "b/c.png"}) {
            ImageIO.write(
                    new BufferedImage(4, 4, BufferedImage.TYPE_3BYTE_BGR),
                    "png",
                    root.resolve(name).toFile());
        }
    }

    private String caption(int index) {
        return FolderSource.open(root).caption(index);
    }

    @Test
    void a_line_keeps_its_other_keys_and_its_own_word_for_the_caption() throws IOException {
        Path file = root.resolve("metadata.jsonl");
        Files.writeString(
                file,
                "\ufeff{\"file_name\":\"./a.png\",\"prompt\":\"old\",\"score\":3}\n{\"file_name\":\"b/c.png\",\"prompt\":\"stays\"}");
        assertThat(CaptionEdit.write(root, "a.png", EVIL)).isEqualTo(file);
        assertThat(caption(0)).isEqualTo(EVIL);
        assertThat(caption(1)).isEqualTo("stays");
        assertThat(Files.readString(file)).contains("\"score\": 3").contains("./a.png");
    }

    @Test
    void a_row_of_a_table_is_changed_and_a_new_one_added() throws IOException {
        Path file = root.resolve("metadata.csv");
        Files.writeString(file, "file_name,artist,text\r\na.png,\"Doe, J.\",old\r\n");
        CaptionEdit.write(root, "a.png", EVIL);
        CaptionEdit.write(root, "b/c.png", "new");
        assertThat(caption(0)).isEqualTo(EVIL);
        assertThat(caption(1)).isEqualTo("new");
        assertThat(Files.readString(file)).contains("\"Doe, J.\"");
    }

    @Test
    void text_files_beside_the_pictures_are_read_and_written() throws IOException {
        Files.writeString(root.resolve("a.txt"), "one\nfox \n");
        assertThat(caption(0)).isEqualTo("one fox");
        assertThat(caption(1)).isNull();
        CaptionEdit.write(root, "a.png", "two foxes");
        assertThat(Files.readString(root.resolve("a.txt"))).isEqualTo("two foxes\n");
        assertThat(caption(0)).isEqualTo("two foxes");
    }

    @Test
    void a_folder_without_captions_gets_them_and_keeps_its_classes() throws IOException {
        Files.move(
                root.resolve("a.png"), Files.createDirectory(root.resolve("a")).resolve("a.png"));
        CaptionEdit.write(root, "b/c.png", "first");
        CaptionEdit.write(root, "a/a.png", "second");
        assertThat(Files.readAllLines(root.resolve("metadata.jsonl"))).hasSize(2);
        assertThat(caption(0)).isEqualTo("second");
        assertThat(caption(1)).isEqualTo("first");
        assertThat(FolderSource.open(root).classNames()).containsExactly("a", "b");
    }
}
