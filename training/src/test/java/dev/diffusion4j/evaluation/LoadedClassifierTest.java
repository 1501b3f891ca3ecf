// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.data.source.FolderSource;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.classifier.ConvClassifier;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures in folders are judged by the classes that their folders are named by. */
class LoadedClassifierTest {
    @TempDir
    Path folder;

    private PictureSet pictures(String... classes) throws IOException {
        Path root = Files.createTempDirectory(folder, "pictures");
        for (String name : classes) {
            Files.createDirectories(root.resolve(name));
            ImageIO.write(
                    new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY),
                    "png",
                    root.resolve(name).resolve("0.png").toFile());
        }
        return PictureSet.of(FolderSource.open(root), null);
    }

    private static LoadedClassifier classifier(List<String> names) {
        Map<String, Object> config = Map.of("num_classes", 3L, "class_names", names);
        return new LoadedClassifier((ConvClassifier) ModelKind.CONV_CLASSIFIER.create(config), "");
    }

    @Test
    void folders_of_some_classes_are_matched_by_name() throws IOException {
        try (LoadedClassifier abc = classifier(List.of("a", "b", "c"));
                PictureSet some = pictures("b", "c");
                PictureSet numbered = pictures("0", "2");
                PictureSet other = pictures("b", "dog")) {
            assertThat(abc.labels(some)).containsExactly(1, 2);
            assertThat(abc.labels(numbered)).containsExactly(0, 2);
            assertThat(abc.classNames(some)).containsExactly("a", "b", "c");
            assertThatThrownBy(() -> abc.labels(other))
                    .hasMessageContaining("does not know the class 'dog'")
                    .hasMessageContaining("its classes are a, b, c");
        }
    }

    /** The config of the commit before has no names. */
    @Test
    void a_classifier_without_names_judges_all_of_its_classes_or_numbers() throws IOException {
        try (LoadedClassifier nameless = classifier(List.of());
                PictureSet all = pictures("a", "b", "c");
                PictureSet numbered = pictures("1", "2");
                PictureSet some = pictures("b", "c")) {
            assertThat(nameless.labels(all)).containsExactly(0, 1, 2);
            assertThat(nameless.labels(numbered)).containsExactly(1, 2);
            assertThatThrownBy(() -> nameless.labels(some)).hasMessageContaining("keeps no names of its 3 classes");
        }
    }
}
