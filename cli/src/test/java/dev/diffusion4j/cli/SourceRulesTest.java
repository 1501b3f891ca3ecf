// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** House rules that a machine can check. */
class SourceRulesTest {
    private static final int MOST_LINES = 500;

    /** Longer files, each with its reason. */
    private static final Map<String, String> MAY_BE_LONGER = Map.of();

    private static List<Path> sources() {
        List<Path> files = new ArrayList<>();
        for (String module : List.of("kernels", "core", "training", "cli", "examples", "bench")) {
            Path folder = Path.of("..", module, "src", "main", "java");
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> all = Files.walk(folder)) {
                all.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void files_are_short() {
        assertThat(sources()).hasSizeGreaterThan(150);
        assertThat(sources())
                .filteredOn(
                        file -> !MAY_BE_LONGER.containsKey(file.getFileName().toString()))
                .allSatisfy(file ->
                        assertThat(lines(file).size()).as("lines of %s", file).isLessThanOrEqualTo(MOST_LINES));
    }

    /** A dtype that comes from LibTorch is a new object each time; only Tensors.type makes it comparable. */
    @Test
    void dtypes_are_asked_for_in_one_place() {
        assertThat(sources())
                .filteredOn(file -> !List.of("Tensors.java", "DType.java", "NumberLayout.java")
                        .contains(file.getFileName().toString()))
                .allSatisfy(file ->
                        assertThat(lines(file)).as(file.toString()).noneMatch(line -> line.contains(".scalar_type()")));
    }

    @Test
    void every_package_says_what_it_is() {
        assertThat(sources().stream().map(Path::getParent).distinct())
                .allSatisfy(folder ->
                        assertThat(folder.resolve("package-info.java")).exists());
    }
}
