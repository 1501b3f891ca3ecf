// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckedOutputTest {
    @ParameterizedTest
    @CsvSource({
        "No space left on device, 0, 1, diffuse: cannot write the output: No space left on device",
        "No space left on device, 2, 2, diffuse: cannot write the output: No space left on device",
        "Broken pipe, 0, 1, ''",
        "'', 0, 0, ''"
    })
    void what_could_not_be_written_is_a_failure(String problem, int code, int expected, String message) {
        StringWriter err = new StringWriter();
        CheckedOutput output = new CheckedOutput(problem.isEmpty() ? new ByteArrayOutputStream() : failing(problem));
        PrintWriter writer = new PrintWriter(output, true);
        writer.println("a line");

        assertThat(output.exitCode(code, new PrintWriter(err, true))).isEqualTo(expected);
        assertThat(err.toString().strip()).isEqualTo(message);
    }

    private static OutputStream failing(String problem) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(problem);
            }
        };
    }
}
