// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which adapters are found in the folders that are open. */
class ShelvesTest {
    private static final Path LORA = Path.of("../core/src/test/resources/golden/text_lora/sd-kohya.safetensors");

    @TempDir
    Path home;

    private Path open;

    @BeforeEach
    void fill() throws IOException {
        open = Files.createDirectories(home.resolve("open"));
        for (int i = 0; i < 5; i++) {
            Files.writeString(open.resolve(i + ".png"), "");
            Files.writeString(open.resolve(i + "-config.json"), "{}");
        }
    }

    private Path put(String name) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.copy(LORA, file);
    }

    private Shelves shelves(int most) {
        return new Shelves(new Folders(List.of(open)), most);
    }

    private static List<String> names(Shelves shelves) {
        return shelves.loras().stream().map(Shelves.Lora::name).toList();
    }

    @Test
    void pictures_take_no_place_from_adapters_and_what_is_passed_over_is_counted() throws IOException {
        put("open/z/one.safetensors");
        put("open/z/two.safetensors");
        Shelves roomy = shelves(2);
        assertThat(names(roomy)).containsExactly("open/z/one.safetensors", "open/z/two.safetensors");
        assertThat(roomy.passed()).isZero();
        put("open/z/three.safetensors");
        Shelves full = shelves(2);
        assertThat(names(full)).hasSize(2);
        assertThat(full.passed()).isEqualTo(1);
    }

    @Test
    void an_adapter_is_called_by_its_place_or_by_a_name_that_no_other_has() throws IOException {
        Path one = put("open/a/one.safetensors");
        Path two = put("open/a/two.safetensors");
        put("open/b/two.safetensors");
        Path whole = put("open/run/adapter_model.safetensors").getParent();
        Shelves shelves = shelves(10);
        for (String name : List.of("open/a/one.safetensors", "open/a/one", "one")) {
            assertThat(shelves.lora(name)).as(name).contains(one);
        }
        assertThat(shelves.lora("open/a/two")).contains(two);
        assertThat(shelves.lora("two")).as("of which there are two").isEmpty();
        assertThat(shelves.lora("run")).contains(whole);
        assertThat(shelves.lora("three")).isEmpty();
    }

    @Test
    void a_link_is_followed_only_within_the_folders() throws IOException {
        Path inside = put("open/own.safetensors");
        Path outside = put("secret/other.safetensors");
        Files.createSymbolicLink(open.resolve("again.safetensors"), inside);
        Files.createSymbolicLink(open.resolve("out.safetensors"), outside);
        Files.createSymbolicLink(open.resolve("up"), outside.getParent());
        assertThat(names(shelves(10))).containsExactly("open/again.safetensors", "open/own.safetensors");
    }

    @Test
    void folders_that_lie_in_each_other_show_an_adapter_once() throws IOException {
        put("open/z/one.safetensors");
        Shelves both = new Shelves(new Folders(List.of(open, open.resolve("z"))), 10);
        assertThat(names(both)).hasSize(1);
    }
}
