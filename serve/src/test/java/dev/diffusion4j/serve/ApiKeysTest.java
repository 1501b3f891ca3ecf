// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of the keys, as people write it, and who may write it. */
class ApiKeysTest {
    private static final String FIRST = "0123456789abcdef";
    private static final String SECOND = "sk-another_key+of/ours=";

    @TempDir
    Path folder;

    private Path file(String text, String permissions) throws IOException {
        Path file = Files.writeString(folder.resolve("keys"), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    @Test
    void several_keys_are_read_with_comments_spaces_and_the_line_ends_of_any_editor() throws IOException {
        ApiKeys keys = ApiKeys.read(
                file("\ufeff# ours\r\n\r\n  " + FIRST + " \t\r\n# " + FIRST + "no\n" + SECOND + "\n", "rw-------"));
        assertThat(keys.owner("Bearer " + FIRST)).isPresent();
        assertThat(keys.owner("bearer   " + SECOND + " ")).isPresent().isNotEqualTo(keys.owner("Bearer " + FIRST));
        assertThat(keys.owner("Bearer " + FIRST + "no")).isEmpty();
        assertThat(keys.owner("Bearer # ours")).isEmpty();
        String pair = Base64.getEncoder().encodeToString(("me:" + SECOND).getBytes(StandardCharsets.UTF_8));
        assertThat(keys.owner("Basic " + pair)).isEqualTo(keys.owner("Bearer " + SECOND));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Basic", "Basic ?", "Basic Og==", "Digest x"})
    void what_is_no_key_is_nobodys(String header) throws IOException {
        ApiKeys keys = ApiKeys.read(file(FIRST, "rw-------"));
        assertThat(keys.owner(header)).isEmpty();
        assertThat(keys.owner(null)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'# one\nshort', line 2 must have at least 16",
        "'0123456789abcdeé', line 1 must be of ASCII",
        "'# none', holds no key"
    })
    void a_line_that_is_no_key_is_named(String text, String said) throws IOException {
        Path file = file(text, "rw-------");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> ApiKeys.read(file))
                .withMessageContaining(said)
                .withMessageContaining(file.toString())
                .satisfies(problem -> assertThat(problem.getMessage()).doesNotContain("0123456789"));
    }

    @Test
    void a_file_that_others_may_write_is_refused_and_one_that_they_may_read_is_logged() throws IOException {
        for (String open : new String[] {"rw--w----", "rw-----w-"}) {
            Path file = file(FIRST, open);
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> ApiKeys.read(file))
                    .withMessageContaining("chmod 600");
        }
        try (LogLines lines = LogLines.of(ApiKeys.class)) {
            ApiKeys.read(file(FIRST, "rw-r-----"));
            assertThat(lines.all())
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains("rw-r-----")
                    .doesNotContain(FIRST);
            ApiKeys.read(file(FIRST, "r--------"));
            assertThat(lines.all()).hasSize(1);
        }
    }
}
