// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** What a person reads where the command meets an error that nobody foresaw. */
class UnexpectedErrorTest {
    @Command(name = "work")
    private record Work(Callable<Integer> body) implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            return body.call();
        }
    }

    /** All that is printed when a command of that body is called. */
    private static String printed(Callable<Integer> body, String... options) {
        StringWriter err = new StringWriter();
        CommandLine line = Diffuse.commandLine().addSubcommand(new Work(body));
        line.setErr(new PrintWriter(err, true));
        String[] arguments = new String[options.length + 1];
        System.arraycopy(options, 0, arguments, 0, options.length);
        arguments[options.length] = "work";
        assertThat(line.execute(arguments)).isEqualTo(ExitCodes.FAILURE);
        return err.toString();
    }

    private static int multiplyWhatDoesNotFit() {
        TensorScope.run(
                () -> Tensors.ofDoubles(1, 2).view(1, 2).mm(Tensors.ofDoubles(1).view(1, 1)));
        return 0;
    }

    @Test
    void an_operation_that_libtorch_refuses_is_a_plain_line() {
        assertThat(printed(UnexpectedErrorTest::multiplyWhatDoesNotFit))
                .isEqualTo("diffuse: work failed in UnexpectedErrorTest.multiplyWhatDoesNotFit:"
                        + " LibTorch refused the operation (--verbose shows its words)" + System.lineSeparator());
    }

    @Test
    void its_first_line_is_shown_by_verbose() {
        assertThat(printed(UnexpectedErrorTest::multiplyWhatDoesNotFit, "--verbose")
                        .lines())
                .contains("diffuse: work failed in UnexpectedErrorTest.multiplyWhatDoesNotFit: LibTorch refused the"
                        + " operation: mat1 and mat2 shapes cannot be multiplied (1x2 and 1x1)")
                .anyMatch(line -> line.contains("at dev.diffusion4j.cli.UnexpectedErrorTest"));
    }

    @Test
    void memory_that_is_not_there_is_called_so_whoever_waited_for_it() {
        Callable<Integer> body = () -> {
            try {
                torch.empty(1L << 50);
                return 0;
            } catch (RuntimeException e) {
                throw new ExecutionException(e);
            }
        };
        assertThat(printed(body))
                .isEqualTo("diffuse: work failed in UnexpectedErrorTest."
                        + "memory_that_is_not_there_is_called_so_whoever_waited_for_it: there is not enough memory"
                        + " (--verbose shows its words)" + System.lineSeparator());
    }

    @Test
    void an_error_of_ours_has_its_name() {
        assertThat(printed(() -> {
                    throw new IllegalStateException("this network is frozen");
                }))
                .isEqualTo("diffuse: IllegalStateException: this network is frozen (--verbose shows where)"
                        + System.lineSeparator());
    }
}
