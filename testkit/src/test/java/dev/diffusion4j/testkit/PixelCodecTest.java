// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** Samples that are the pictures' own values. */
class PixelCodecTest {
    @Nested
    class Signed extends CodecContract {
        @Override
        protected SampleCodec codec() {
            return PixelCodec.signed(3);
        }
    }

    @Nested
    class Unit extends CodecContract {
        @Override
        protected SampleCodec codec() {
            return PixelCodec.of(1, SchedulerKind.SCORE_SDE_VE.create(Map.of()));
        }
    }

    @Nested
    class Normalized extends CodecContract {
        @Override
        protected SampleCodec codec() {
            return PixelCodec.of(
                    2,
                    SchedulerKind.CONTINUOUS_COSINE.create(
                            Map.of("normalizer_mean", List.of(0.4, 0.5), "normalizer_std", List.of(0.2, 0.3))));
        }
    }
}
