// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** Loads LibTorch; whatever is wrong with its native libraries is a {@link Problem} of one line, found before they load where that is possible. */
final class NativeLibraries {
    /** What bytedeco publishes of LibTorch 2.10. */
    private static final List<String> PLATFORMS = List.of("linux-x86_64", "macosx-arm64", "windows-x86_64");

    /** What Linux says of itself to each process: proc(5), the files that are mapped into its memory. */
    private static final Path MAPS = Path.of("/proc/self/maps");

    private static final String LIBRARY = "libtorch_cpu.so";
    private static final String UNPACKED = "/org/bytedeco/pytorch/";
    private static final Pattern JAR =
            Pattern.compile(".*/pytorch-(\\d[^/]*?)-(?:linux|macosx|windows)-[^/]*" + UNPACKED + ".*");

    private NativeLibraries() {}

    /**
     * Whether LibTorch is in this process already, by JavaCPP; seen on Linux only.
     *
     * @throws Problem (a failure) where it is another LibTorch: two of them end the process
     */
    static boolean isLoaded() {
        List<String> maps = mapped();
        boolean any = maps.stream().anyMatch(NativeLibraries::isLibtorch);
        return any && isLoaded(maps, NativeVersions.here().java("pytorch"));
    }

    /**
     * @param maps the files that are mapped into this process
     * @param version that is on the class path; empty where nobody knows
     */
    static boolean isLoaded(List<String> maps, Optional<String> version) {
        List<String> found = maps.stream().filter(NativeLibraries::isLibtorch).toList();
        for (String file : found) {
            var jar = JAR.matcher(file);
            boolean ours = jar.matches()
                    ? version.isEmpty() || version.get().equals(jar.group(1))
                    : file.contains(UNPACKED) || Loader.getLoadedLibraries().containsValue(file);
            if (!ours) {
                throw Problem.failure(
                        "there is another LibTorch in this process (" + file
                                + "), and two of them end it: do without the other, such as DJL's PyTorch engine, or give each a process");
            }
        }
        return !found.isEmpty();
    }

    private static boolean isLibtorch(String file) {
        return file.endsWith("/" + LIBRARY);
    }

    /** The files that are mapped into this process; empty where the system does not say. */
    private static List<String> mapped() {
        try {
            return Files.readAllLines(MAPS, StandardCharsets.ISO_8859_1).stream()
                    .filter(line -> line.indexOf('/') >= 0)
                    .map(line -> line.substring(line.indexOf('/')))
                    .distinct()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** @throws Problem (a failure) saying why it cannot be loaded */
    static void load() {
        NativeFolder.useReadOnly();
        NativeSearch search = NativeSearch.here();
        boolean known = search.recall(); // then these very jars have loaded before
        if (!known) {
            NativeVersions.here().check();
        }
        try {
            Loader.load(torch.class);
            if (!known) {
                search.remember();
            }
        } catch (LinkageError | RuntimeException e) {
            throw problem(e, Loader.getPlatform());
        }
    }

    private static Problem problem(Throwable failure, String platform) {
        if (!PLATFORMS.contains(platform)) {
            return Problem.failure(
                    "LibTorch has no native libraries for " + platform + ": there are some for "
                            + String.join(", ", PLATFORMS),
                    failure);
        }
        List<String> missing = NativeVersions.missing(platform);
        if (!missing.isEmpty()) {
            return Problem.failure(
                    "native libraries are missing on the class path: add org.bytedeco:"
                            + String.join(" and org.bytedeco:", missing) + " with the classifier " + platform,
                    failure);
        }
        if (mapped().stream().anyMatch(file -> file.contains("/ld-musl"))) {
            return Problem.failure(
                    "LibTorch needs glibc, and this system has musl instead (as Alpine Linux does): run it on another one",
                    failure);
        }
        String reason = reason(failure);
        return Problem.failure(
                NativeFolder.problem(reason).orElse("LibTorch's native libraries cannot be loaded: " + reason),
                failure);
    }

    /** The first line of the first cause, which names the file and what is wrong with it. */
    private static String reason(Throwable failure) {
        Throwable first = failure;
        for (Throwable cause = first.getCause(); cause != null && cause != first; cause = first.getCause()) {
            first = cause;
        }
        return String.valueOf(first.getMessage()).lines().findFirst().orElse(first.toString());
    }
}
