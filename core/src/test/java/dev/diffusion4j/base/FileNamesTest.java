// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class FileNamesTest {
    @Test
    void a_text_that_can_be_no_name_is_named() {
        assertThatThrownBy(() -> FileNames.resolve(Path.of("folder"), "a\0b"))
                .isInstanceOf(Problem.class)
                .hasMessageStartingWith("'a\\u0000b' cannot be the name of a file: ");
    }

    /** The encoding is the JVM's from its start on, so that another one must be started. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void in_a_locale_of_ascii_the_locale_is_named_as_the_cause() throws IOException {
        ProcessBuilder java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Resolving.class.getName());
        java.environment().putAll(Map.of("LC_ALL", "C"));
        Process process = java.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

        assertThat(said.strip())
                .matches("the file name 'caf.*' cannot be used in the locale of this process, whose encoding is "
                        + "ANSI_X3.4-1968: set LC_ALL=C.UTF-8 before Java starts");
    }

    /** Names a file that is not ASCII. */
    static final class Resolving {
        public static void main(String[] arguments) {
            try {
                FileNames.resolve(Path.of("."), "caf\u00e9.png");
            } catch (Problem e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
