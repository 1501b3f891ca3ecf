// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;

/**
 * Looks for bytes that break a parser, guided by coverage. One target a run, two minutes each:
 *
 * <pre>{@code
 * JAZZER_FUZZ=1 mvn -q -Dquick -pl core test -Dtest.excludedGroups= -Dtest=ParserFuzzTest#torchPickle
 * }</pre>
 *
 * A finding is written to {@code src/test/resources}, from where it goes to {@code fuzz/TARGET/} for {@link FuzzSeedsTest};
 * the inputs that were interesting are kept in {@code .cifuzz-corpus} for the next run.
 */
@Tag("fuzz")
class ParserFuzzTest {
    @FuzzTest(maxDuration = "2m")
    void safetensorsHeader(byte[] bytes) {
        FuzzTargets.SAFETENSORS_HEADER.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void torchPickle(byte[] bytes) {
        FuzzTargets.TORCH_PICKLE.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void pickleProgram(byte[] bytes) {
        FuzzTargets.PICKLE_PROGRAM.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void json(byte[] bytes) {
        FuzzTargets.JSON.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void yaml(byte[] bytes) {
        FuzzTargets.YAML.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void pngNotes(byte[] bytes) {
        FuzzTargets.PNG_NOTES.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void unetConfig(byte[] bytes) {
        FuzzTargets.UNET_CONFIG.run(bytes);
    }

    @FuzzTest(maxDuration = "2m")
    void schedulerConfig(byte[] bytes) {
        FuzzTargets.SCHEDULER_CONFIG.run(bytes);
    }
}
