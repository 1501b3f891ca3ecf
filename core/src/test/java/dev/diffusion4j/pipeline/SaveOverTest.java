// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SaveOverTest {
    @TempDir
    Path folder;

    @Test
    void a_pipeline_may_be_saved_over_the_folder_it_was_loaded_from() throws IOException {
        Path original = Golden.path("tiny-pipeline");
        try (Stream<Path> files = Files.walk(original)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = folder.resolve("model")
                        .resolve(original.relativize(file).toString());
                if (Files.isRegularFile(file)) {
                    Files.createDirectories(copy.getParent());
                    Files.copy(file, copy);
                }
            }
        }
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder.resolve("model"))) {
            pipeline.save(folder.resolve("model"));
            pipeline.generate(GenerationRequest.of(r -> r.steps(1))).close(); // which puts the weights in another order
            pipeline.save(folder.resolve("model"));
        }
        String weights = "unet/" + WeightFiles.STEM + ".safetensors";
        assertThat(Hashes.sha256(folder.resolve("model").resolve(weights)))
                .isEqualTo(Hashes.sha256(original.resolve(weights)));
        assertThat(relativeFiles(folder.resolve("model"))).isEqualTo(relativeFiles(original));
    }

    private static List<String> relativeFiles(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(file -> root.relativize(file).toString()).sorted().toList();
        }
    }
}
