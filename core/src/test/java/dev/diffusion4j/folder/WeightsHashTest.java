// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsHashTest {
    @TempDir
    Path folder;

    @Test
    void what_cannot_be_read_has_no_hash_but_a_problem() throws IOException {
        Files.writeString(folder.resolve("a.safetensors"), "");
        assertThat(new WeightsHash(folder, List.of()).get()).hasSize(64);
        WeightsHash gone = new WeightsHash(folder.resolve("gone"), List.of());
        assertThatThrownBy(gone::get)
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("cannot read the weights in", "gone for their hash: no such file or folder");
    }
}
