// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Tells what this machine can do. */
@Command(name = "doctor", description = "Tell what this machine can do, and what to change if it is slow.", mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        return 0;
    }
}
