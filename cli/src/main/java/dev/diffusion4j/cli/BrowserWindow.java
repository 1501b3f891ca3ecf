// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The user's browser, where there is a screen to show it on. */
final class BrowserWindow {
    private BrowserWindow() {}

    /** Opens an address; where that is not possible, whoever reads the terminal has it all the same. */
    static void open(URI address) {
        List<String> call = call(System.getProperty("os.name", ""), hasScreen(), address.toString());
        if (call == null) {
            return;
        }
        try {
            new ProcessBuilder(call)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            // no such program on this machine
        }
    }

    private static boolean hasScreen() {
        return System.getenv("DISPLAY") != null || System.getenv("WAYLAND_DISPLAY") != null;
    }

    /** What a system opens an address by; {@code null} where nobody would see it. */
    static @Nullable List<String> call(String system, boolean hasScreen, String address) {
        String name = system.toLowerCase(Locale.ROOT);
        if (name.startsWith("win")) {
            return List.of("rundll32", "url.dll,FileProtocolHandler", address);
        }
        if (name.startsWith("mac")) {
            return List.of("open", address);
        }
        return hasScreen ? List.of("xdg-open", address) : null;
    }
}
