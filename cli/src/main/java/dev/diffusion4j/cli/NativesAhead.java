// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.tensor.NativeRuntime;
import java.util.Set;

/** Loads LibTorch beside the rest of a start that is awaited. */
final class NativesAhead {
    private static final Set<String> COMMANDS = Set.of("serve", "studio");

    private NativesAhead() {}

    /**
     * Begins, where the command will need it.
     *
     * @return to be joined before the process ends, which must not happen in the middle of it
     */
    static Thread begin(String[] arguments) {
        Thread thread = new Thread(NativesAhead::load, "diffusion4j-natives");
        thread.setDaemon(true);
        if (arguments.length > 0 && COMMANDS.contains(arguments[0])) {
            thread.start();
        }
        return thread;
    }

    private static void load() {
        try {
            NativeRuntime.configure();
            // Nothing but LibTorch is used of JavaCPP's here, and it would look through all its libraries again for
            // each of LibTorch's classes.
            System.setProperty("org.bytedeco.javacpp.loadlibraries", "false");
        } catch (LinkageError | RuntimeException e) {
            // whoever needs it hears of it
        }
    }
}
