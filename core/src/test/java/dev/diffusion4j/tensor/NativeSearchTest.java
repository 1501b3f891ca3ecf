// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What JavaCPP found and what it found nowhere is given to it again, as long as nothing has changed that it depends on. */
class NativeSearchTest {
    @TempDir
    Path folder;

    private Path kept;
    private Path jar;
    private Path system;

    @BeforeEach
    void one_library_was_found_and_one_was_not() throws IOException {
        kept = folder.resolve("kept");
        jar = Files.writeString(folder.resolve("natives.jar"), "content");
        system = Files.createDirectory(folder.resolve("lib64"));
        search("as before").remember(NativeSearchTest::found, () -> List.of(system.toString(), "/absent/folder"));
    }

    private static Map<String, URL[]> found() {
        return Map.of("cudart@.13", new URL[0], "c10", new URL[] {url()});
    }

    private static URL url() {
        try {
            return URI.create("file:/libc10.so").toURL();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private NativeSearch search(String settings) {
        return new NativeSearch(kept, settings, List.of(jar));
    }

    private boolean isKnown(String settings) {
        return search(settings).recall(HashMap::new);
    }

    @Test
    void what_was_found_and_what_was_not_is_given_and_what_was_found_since_stays() {
        Map<String, URL[]> given = new HashMap<>();
        assertThat(search("as before").recall(() -> given)).isTrue();
        assertThat(given).containsOnlyKeys("cudart@.13", "c10");
        assertThat(given.get("c10")).containsExactly(url());
        assertThat(given.get("cudart@.13")).isEmpty();

        URL[] since = {url()};
        given.put("cudart@.13", since);
        assertThat(search("as before").recall(() -> given)).isTrue();
        assertThat(given).containsEntry("cudart@.13", since);
    }

    @Test
    void other_settings_other_jars_and_new_files_in_the_system_s_folders_are_searched_anew() throws IOException {
        assertThat(isKnown("other")).isFalse();

        FileTime before = Files.getLastModifiedTime(jar);
        Files.setLastModifiedTime(jar, FileTime.fromMillis(before.toMillis() + 5000));
        assertThat(isKnown("as before")).isFalse();
        Files.setLastModifiedTime(jar, before);
        assertThat(isKnown("as before")).isTrue();

        Files.setLastModifiedTime(system, FileTime.fromMillis(before.toMillis() - 5000));
        assertThat(isKnown("as before")).isFalse();
    }

    @Test
    void a_damaged_or_absent_file_and_a_folder_that_cannot_be_written_are_no_fault() throws IOException {
        Files.writeString(kept, "as before\n");
        assertThat(isKnown("as before")).isFalse();
        Files.delete(kept);
        assertThat(isKnown("as before")).isFalse();
        new NativeSearch(jar.resolve("below a file"), "", List.of()).remember(NativeSearchTest::found, List::of);
        new NativeSearch(null, "", List.of()).remember(NativeSearchTest::found, List::of);
    }

    @Test
    void javacpp_still_has_the_field_that_this_goes_through() throws ReflectiveOperationException {
        NativeRuntime.configure();
        assertThat(Loader.class.getDeclaredField("foundLibraries").getType()).isAssignableFrom(Map.class);
        assertThat(NativeSearch.found()).containsKeys("c10", "torch_cpu");
    }
}
