// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Tells what a model folder or a file holds. */
@Command(name = "info", description = "Tell what a model folder or a file holds.", mixinStandardHelpOptions = true)
final class InfoCommand implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL|FILE")
    Path path = Path.of(".");

    @Override
    public Integer call() {
        return 0;
    }
}
