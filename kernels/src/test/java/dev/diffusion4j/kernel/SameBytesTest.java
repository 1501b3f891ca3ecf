// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A kernel's result must not depend on which compiler made it, or when: a resumed run would end in other bytes. The Vector API's
 * transcendental operations and float reductions do depend on it.
 */
class SameBytesTest {
    /** Exact, or rounded in one way only. */
    private static final Set<String> EXACT_OPERATORS =
            Set.of("AND", "AND_NOT", "ASHR", "LSHL", "LSHR", "MIN", "GT", "GE");

    private static final Set<String> EXACT_FUNCTIONS = Set.of("abs", "max", "min", "sqrt");

    @Test
    void results_are_equal_interpreted_and_from_each_compiler() throws IOException, InterruptedException {
        Process interpreted = start(1, "-Xint");
        Process quick = start(30, "-XX:TieredStopAtLevel=1");
        Process optimised = start(400, "-XX:-TieredCompilation", "-XX:CompileThreshold=300", "-Xbatch");
        Process usual = start(300);
        Set<String> results = Set.copyOf(lines(interpreted));
        assertThat(results).hasSize(1);
        assertThat(Set.copyOf(lines(quick))).as("C1 alone").isEqualTo(results);
        assertThat(Set.copyOf(lines(optimised))).as("C2").isEqualTo(results);
        assertThat(Set.copyOf(lines(usual))).as("both compilers").isEqualTo(results);
    }

    private static Process start(int rounds, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "--add-modules=jdk.incubator.vector"));
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-cp", System.getProperty("java.class.path"), KernelBytes.class.getName(), Integer.toString(rounds)));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static List<String> lines(Process process) throws IOException, InterruptedException {
        List<String> lines =
                new String(process.getInputStream().readAllBytes()).lines().toList();
        assertThat(process.waitFor()).isZero();
        return lines;
    }

    @Test
    void kernels_use_only_operations_whose_rounding_is_fixed() throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        assertThat(sources).hasSizeGreaterThan(8);
        for (Path source : sources) {
            String text = Files.readString(source);
            assertThat(names(text, "VectorOperators\\.([A-Z_0-9]+)"))
                    .as("%s", source)
                    .isSubsetOf(EXACT_OPERATORS);
            assertThat(names(text, "\\bMath\\.([a-z0-9A-Z]+)\\("))
                    .as("%s", source)
                    .isSubsetOf(EXACT_FUNCTIONS);
            assertThat(text).as("%s", source).doesNotContain("reduceLanes", ".pow(", "static jdk.incubator.vector");
        }
    }

    private static List<String> names(String text, String pattern) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
    }
}
