// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.guidance.loss.ColourLoss;
import org.junit.jupiter.api.Nested;

/** Built-in guidance losses, and one that an application writes. */
class GuidanceLossesTest {
    @Nested
    class Colour extends GuidanceLossContract {
        @Override
        protected GuidanceLoss loss() {
            return new ColourLoss(0.1, 0.9, 0.5);
        }
    }

    @Nested
    class Lambda extends GuidanceLossContract {
        @Override
        protected GuidanceLoss loss() {
            return pictures -> pictures.mean(1, 2, 3);
        }

        @Override
        protected int channels() {
            return 1;
        }
    }
}
