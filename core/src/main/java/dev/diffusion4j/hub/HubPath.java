// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.FileNames;
import dev.diffusion4j.base.Problem;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** Names of files in a repository: they come from strangers and must stay within their folder. */
final class HubPath {
    private static final Set<String> NOT_A_NAME = Set.of("", ".", "..");

    private HubPath() {}

    /**
     * {@code name} below {@code folder}.
     *
     * @throws Problem (a failure) where it would lie elsewhere
     */
    static Path below(Path folder, String name, HubRepo repo) {
        Path base = folder.toAbsolutePath().normalize();
        if (!isSafe(name) || !FileNames.resolve(base, name).normalize().startsWith(base)) {
            throw Problem.failure(repo + " names a file '" + name.replaceAll("\\p{Cntrl}", "?")
                    + "', which would lie outside of its folder: nothing is written");
        }
        return base.resolve(name);
    }

    private static boolean isSafe(String name) {
        return isPortable(name) && Arrays.stream(name.split("/", -1)).noneMatch(NOT_A_NAME::contains);
    }

    private static boolean isPortable(String name) {
        return name.chars().noneMatch(c -> c == '\\' || c == ':' || Character.isISOControl(c));
    }

    /**
     * Whether a file of this name may be published, so that it can be fetched again on any system.
     *
     * @throws Problem (a failure) naming the character that may not be there
     */
    static void checkSent(String name, HubRepo repo) {
        if (!isSafe(name)) {
            String why = name.contains(":")
                    ? "the name holds ':'"
                    : name.contains("\\")
                            ? "the name holds '\\'"
                            : isPortable(name) ? "it is no path in a repository" : "the name holds a control character";
            throw Problem.failure("cannot publish '" + name.replaceAll("\\p{Cntrl}", "?") + "' in " + repo + ": " + why
                    + ", rename it");
        }
    }

    /** As it stands in an address. */
    static String encode(String name) {
        return Arrays.stream(name.split("/", -1)).map(HubPath::segment).collect(Collectors.joining("/"));
    }

    /** One segment, a revision with its slashes for example. */
    static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
