// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gives every seed and every old finding of {@link ParserFuzzTest} to every target, without the fuzzer. */
class FuzzSeedsTest {
    static List<Path> seeds() throws IOException, URISyntaxException {
        Path folder = Path.of(Objects.requireNonNull(FuzzSeedsTest.class.getResource("ParserFuzzTestInputs"))
                .toURI());
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void no_seed_is_a_finding(FuzzTargets target) throws IOException, URISyntaxException {
        assertThat(seeds()).hasSizeGreaterThan(10);
        for (Path seed : seeds()) {
            byte[] bytes = Files.readAllBytes(seed);
            assertTimeout(
                    Duration.ofSeconds(10),
                    () -> target.run(bytes),
                    () -> target.name().toLowerCase(Locale.ROOT) + " " + seed);
        }
    }
}
