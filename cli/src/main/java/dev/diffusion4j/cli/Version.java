// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.checkpoint.RunManifest;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "diffuse " + RunManifest.libraryVersion() + " (Java "
                    + Runtime.version().feature() + ")"
        };
    }
}
